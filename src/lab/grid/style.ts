import type { DataGrid } from '@lumino/datagrid';
import { TextRenderer } from '@lumino/datagrid';
import { isNumeric } from './columns';
import { FittedText } from './fitted_text';
import type { ArrowGridModel } from './grid_model';

/** The colours of the theme that is on now. */
export interface IPalette {
  grid: DataGrid.Style;
  text: string;
  faint: string;
  font: string;
}

/** A canvas knows no style sheets, so JupyterLab's variables are read for it. */
export function palette(): IPalette {
  const style = getComputedStyle(document.body);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  const line = of('--jp-border-color2');
  const brand = of('--jp-brand-color1');
  // Selections are painted over the texts.
  const glazed = (percent: number): string => `color-mix(in srgb, ${brand} ${percent}%, transparent)`;
  return {
    grid: {
      voidColor: of('--jp-layout-color1'),
      backgroundColor: of('--jp-layout-color1'),
      headerBackgroundColor: of('--jp-layout-color2'),
      gridLineColor: of('--jp-border-color3'),
      headerGridLineColor: line,
      selectionFillColor: glazed(20),
      selectionBorderColor: brand,
      cursorBorderColor: brand,
      headerSelectionFillColor: glazed(15),
      headerSelectionBorderColor: line
    },
    text: of('--jp-ui-font-color1'),
    faint: of('--jp-ui-font-color2'),
    font: `${of('--jp-datagrid-font-size') || '12px'} ${of('--jp-datagrid-font-family') || of('--jp-content-font-family') || 'sans-serif'}`
  };
}

/** How cells are drawn: numbers flush right, nulls faint and told from the text “null”. */
export function renderers({ text, faint, font }: IPalette, model: ArrowGridModel): Record<string, TextRenderer> {
  const alignment = ({ column }: { column: number }): TextRenderer.HorizontalAlignment => {
    const about = model.columns[column];
    return about && isNumeric(about) ? 'right' : 'left';
  };
  return {
    body: new FittedText({
      font: ({ value }) => (value === null ? `italic ${font}` : font),
      textColor: ({ value }) => (value === null ? faint : text),
      horizontalAlignment: alignment,
      format: ({ value }) => (value as string | null) ?? 'null'
    }),
    'column-header': new FittedText({
      font: ({ row }) => (row === 0 ? `bold ${font}` : font),
      textColor: ({ row }) => (row === 0 ? text : faint),
      horizontalAlignment: alignment
    }),
    'row-header': new TextRenderer({ font, textColor: faint, horizontalAlignment: 'right' }),
    'corner-header': new TextRenderer({ font, textColor: faint })
  };
}
