const GREEK: Readonly<Record<string, string>> = {
  ...{
    alpha: 'α',
    beta: 'β',
    gamma: 'γ',
    delta: 'δ',
    epsilon: 'ε',
    eta: 'η',
    theta: 'θ',
    lambda: 'λ',
    mu: 'μ',
    nu: 'ν',
  },
  ...{ xi: 'ξ', pi: 'π', rho: 'ρ', sigma: 'σ', tau: 'τ', phi: 'φ', varphi: 'φ', chi: 'χ', psi: 'ψ', omega: 'ω' },
  ...{ Delta: 'Δ', Lambda: 'Λ', Xi: 'Ξ', Sigma: 'Σ', Phi: 'Φ', Psi: 'Ψ', Omega: 'Ω', pm: '±', times: '×', circ: '°' },
};

/** Turns ROOT's form of LaTeX into plain text: `#it{p}_{T} (GeV/#it{c})` becomes `p_T (GeV/c)`. */
export function plainTitle(title: string): string {
  return title
    .replace(/#([A-Za-z]+)(?![A-Za-z{])/g, (all, name: string) => GREEK[name] ?? all)
    .replace(/#(?:it|bf|rm|font\[\d+\]|color\[\d+\])\{([^{}]*)\}/g, '$1')
    .replace(/([_^])\{([^{}]*)\}/g, '$1$2');
}
