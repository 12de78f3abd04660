// A picture as SVG or PNG, a table as CSV: made in the page, no request.

function save(name: string, href: string): void {
  const a = document.createElement('a');
  a.href = href;
  a.download = name;
  a.click();
}

function saveText(name: string, type: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type }));
  save(name, href);
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

const quoted = (v: unknown) => (/[",\n]/.test(String(v ?? '')) ? `"${String(v).replaceAll('"', '""')}"` : String(v ?? ''));
export function saveCsv(name: string, head: string[], rows: unknown[][]): void {
  saveText(name + '.csv', 'text/csv', [head, ...rows].map((r) => r.map(quoted).join(',')).join('\n') + '\n');
}

/** The SVG as a file of its own: theme variables and fonts become plain values. */
export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const mine = [svg, ...svg.querySelectorAll<SVGElement>('*')], theirs = [copy, ...copy.querySelectorAll<SVGElement>('*')];
  mine.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const key of ['fill', 'stroke', 'stroke-width', 'opacity', 'font-size', 'font-family', 'font-weight', 'text-anchor', 'dominant-baseline', 'fill-opacity', 'stroke-opacity'])
      theirs[i].style.setProperty(key, style.getPropertyValue(key));
    theirs[i].removeAttribute('class');
  });
  const box = svg.viewBox.baseVal, ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [k, v] of Object.entries({ x: box.x, y: box.y, width: box.width, height: box.height, fill: getComputedStyle(document.body).backgroundColor }))
    ground.setAttribute(k, String(v));
  copy.prepend(ground);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(box.width));
  copy.setAttribute('height', String(box.height));
  return new XMLSerializer().serializeToString(copy);
}

export const saveSvg = (name: string, text: string) => saveText(name + '.svg', 'image/svg+xml', text);

export async function savePng(name: string, svg: string): Promise<void> {
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(svg);
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.width * 2;
  canvas.height = image.height * 2;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  save(name + '.png', canvas.toDataURL('image/png'));
}
