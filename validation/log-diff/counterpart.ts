interface Step {
  id: string;
  stage: string;
}

/**
 * The step of another run that does the same: the one of the same name, else the one of the same stage and place in it.
 * @param own steps of this run, in the order of the plan; `others` those of the other run
 */
export function counterpart(own: readonly Step[], id: string, others: readonly Step[]): string | undefined {
  if (others.some((one) => one.id === id)) return id;
  const stage = own.find((one) => one.id === id)?.stage;
  const inStage = (steps: readonly Step[]): Step[] => steps.filter((one) => one.stage === stage);
  const index = inStage(own).findIndex((one) => one.id === id);
  return index < 0 ? undefined : inStage(others)[index]?.id;
}
