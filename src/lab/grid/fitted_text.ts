import type { GraphicsContext } from '@lumino/datagrid';
import { CellRenderer, TextRenderer } from '@lumino/datagrid';
import { cutText } from '../../arrow';

/** What Lumino leaves free beside a text, in pixels. */
const BESIDE = 14;
/** The narrowest that a character is taken to be, in pixels: of what cannot fit nothing is measured. */
const NARROWEST = 2;

/** Texts that are cut at their end where they do not fit, found by few measurings: Lumino's takes one per character. */
export class FittedText extends TextRenderer {
  override drawText(gc: GraphicsContext, config: CellRenderer.CellConfig): void {
    gc.font = CellRenderer.resolveOption(this.font, config);
    const value = fitted(this.getText(config), config.width - BESIDE, text => gc.measureText(text).width);
    super.drawText(gc, config.value === null ? config : { ...config, value });
  }
}

/** The start of a text that fits into a width, with an ellipsis where that is not all of it. */
export function fitted(text: string, room: number, measure: (text: string) => number): string {
  const most = Math.floor(room / NARROWEST);
  const begin = text.slice(0, Math.max(1, most));
  const width = measure(begin);
  if (width <= room && begin.length === text.length) {
    return text;
  }
  const cut = (length: number): string => cutText(text, length);
  // Characters are of much the same width, so the first guess is almost right.
  let length = Math.max(1, Math.min(begin.length, Math.floor((begin.length * room) / width)));
  while (length > 1 && measure(cut(length)) > room) {
    length--;
  }
  while (length < begin.length && measure(cut(length + 1)) <= room) {
    length++;
  }
  return cut(length);
}
