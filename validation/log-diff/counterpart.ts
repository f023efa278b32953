interface Step {
  id: string;
  stage: string;
}

/**
 * The matching step of another run: the step with the same name, else the step with the same place in the same stage.
 * @param own steps of this run, in the order of the plan; `others`: steps of the other run
 */
export function counterpart(own: readonly Step[], id: string, others: readonly Step[]): string | undefined {
  if (others.some((one) => one.id === id)) return id;
  const stage = own.find((one) => one.id === id)?.stage;
  const inStage = (steps: readonly Step[]): Step[] => steps.filter((one) => one.stage === stage);
  const index = inStage(own).findIndex((one) => one.id === id);
  return index < 0 ? undefined : inStage(others)[index]?.id;
}
