/** What stands below the plot of a picture: a line's colour, its name, and what is said of it. */
export interface PictureLine {
  colour: string;
  label: string;
  text: string;
}

const margin = 16;
const lineHeight = 18;

/** A picture of a plot with its title and legend, in the colours that show; undefined when the browser gives none. */
export async function pictureOf(
  plot: HTMLCanvasElement,
  title: string,
  lines: readonly PictureLine[],
): Promise<Blob | undefined> {
  const scale = devicePixelRatio;
  const width = plot.width / scale;
  const height = plot.height / scale;
  const canvas = document.createElement('canvas');
  canvas.width = (width + 2 * margin) * scale;
  canvas.height = (height + 2 * margin + 28 + lines.length * lineHeight) * scale;
  const draw = canvas.getContext('2d');
  if (!draw) return undefined;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  draw.scale(scale, scale);
  draw.fillStyle = colour('--surface');
  draw.fillRect(0, 0, canvas.width, canvas.height);
  draw.fillStyle = colour('--text');
  draw.font = '600 14px system-ui, sans-serif';
  draw.fillText(title, margin, margin + 12);
  draw.drawImage(plot, margin, margin + 24, width, height);
  draw.font = '12px system-ui, sans-serif';
  lines.forEach((line, i) => {
    const y = margin + 24 + height + (i + 1) * lineHeight;
    draw.fillStyle = line.colour;
    draw.fillRect(margin, y - 5, 12, 2);
    draw.fillStyle = colour('--text');
    draw.fillText(line.label, margin + 20, y, width / 2 - 28);
    draw.fillStyle = colour('--muted');
    draw.fillText(line.text, margin + width / 2, y, width / 2);
  });
  return new Promise((done) => canvas.toBlob((blob) => done(blob ?? undefined), 'image/png'));
}
