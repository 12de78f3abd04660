// A carrier keeps its colour within a page: by the order of its share. Distinguishable in grey and for the colour-blind (Okabe and Ito 2008).
const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8b7fd1', '#b59f00', '#7a7a7a'];

export function colours(keys: (string | number)[]): Map<string, string> {
  return new Map(keys.map((k, i) => [String(k), palette[Math.min(i, palette.length - 1)]]));
}

/** Sequential, for the map: 0 pale to 1 strong; reads the theme's own ends. */
export function ramp(v: number): string {
  const t = Math.max(0, Math.min(1, v));
  return `color-mix(in oklab, var(--ramp-high) ${Math.round(t * 100)}%, var(--ramp-low))`;
}

export const severityColour: Record<string, string> = {
  info: 'var(--dim)', low: 'var(--dim)', medium: 'var(--warn)', high: 'var(--bad)', critical: 'var(--bad)',
};
export const stateColour: Record<string, string> = { up: 'var(--up)', degraded: 'var(--warn)', down: 'var(--bad)' };
