/**
 * The node of the leading master: the `json.info_NUMBER` with the lowest number (Mesos: zookeeper/detector.cpp). Other
 * children, such as `log_replicas` or the `info_` of masters before 1.0, are ignored.
 */
export function leaderNode(children: readonly string[]): string | undefined {
  let leader: { name: string; number: number } | undefined;
  for (const name of children) {
    const digits = /^json\.info_(\d+)$/.exec(name)?.[1];
    if (digits === undefined) continue;
    const number = Number(digits);
    if (!leader || number < leader.number) leader = { name, number };
  }
  return leader?.name;
}
