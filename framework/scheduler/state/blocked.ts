/** Why a manager gets no more workers right now, for the operator; absent when it lacks none. */
export interface Blocked {
  reason:
    | 'manager-silent'
    | 'manager-locked'
    | 'password'
    | 'manager-without-password'
    | 'password-unknown'
    | 'scale-up-delay'
    | 'pool-pausing'
    | 'at-maximum'
    | 'first-workers'
    | 'launch-rate'
    | 'no-offers'
    | 'agents-pausing'
    | 'agents-busy'
    | 'constraints'
    | 'offers-too-small';
  detail: string;
}

/** Reasons that only offers in hand can tell: they stay true until other offers come. */
const VERDICTS_ON_OFFERS: ReadonlySet<Blocked['reason']> = new Set([
  'agents-pausing',
  'agents-busy',
  'constraints',
  'offers-too-small',
]);

export function isVerdictOnOffers({ reason }: Blocked): boolean {
  return VERDICTS_ON_OFFERS.has(reason);
}
