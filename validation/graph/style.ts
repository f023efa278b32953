import { BY_URGENCY, DARK, LIGHT, type Theme } from './states.ts';

/** Colours are written out instead of variables, because several viewers and converters of SVG do not support these. */
function colours(theme: Theme): string {
  const { page, text, soft } = theme;
  const states = (['plain', ...BY_URGENCY] as const).map((name) => {
    const { fill, line } = theme[name];
    return [
      `.relval-graph .${name} .box{fill:${fill};stroke:${line}}`,
      `.relval-graph .${name} .state{fill:${line}}`,
      `.relval-graph .bar.${name}{fill:${line}}`,
    ].join('\n');
  });
  return [
    `.relval-graph .page{fill:${page}}`,
    `.relval-graph .head,.relval-graph .name{fill:${text}}`,
    `.relval-graph .soft,.relval-graph .phase text,.relval-graph .arrow,.relval-graph .join{fill:${soft}}`,
    `.relval-graph .edge,.relval-graph .phase rect{stroke:${soft}}`,
    ...states,
    // Text of several states is drawn on it.
    `.relval-graph .mixed .box{fill:${theme.plain.fill}}`,
  ].join('\n');
}

/** All rules apply only inside the drawing, so it can be put into a page. */
export const STYLE = `
.relval-graph text{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
.relval-graph .head{font-size:16px;font-weight:600}
.relval-graph .name{font-size:13px;font-weight:600}
.relval-graph .node text,.relval-graph text.state{text-anchor:middle}
.relval-graph .edge{fill:none;stroke-width:1.2}
.relval-graph .phase rect{fill:none;stroke-dasharray:2 4}
.relval-graph .pending .box{stroke-dasharray:5 4}
${colours(LIGHT)}
@media (prefers-color-scheme:dark){
${colours(DARK)}
}
`;
