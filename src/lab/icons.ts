import { LabIcon } from '@jupyterlab/ui-components';

/** Two bars, linked by an equals sign: the twins. */
export const twinsIcon = new LabIcon({
  name: 'jupyterlab-twinstore:twins',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <rect x="2" y="3" width="5.5" height="18" rx="2"/>
    <rect x="16.5" y="3" width="5.5" height="18" rx="2"/>
    <rect x="9" y="8.5" width="6" height="2.2" rx="1"/>
    <rect x="9" y="13.3" width="6" height="2.2" rx="1"/>
  </g>
</svg>`
});

/** Rows and columns: a Delta table. */
export const tableIcon = new LabIcon({
  name: 'jupyterlab-twinstore:table',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161"
    d="M3 4h18v16H3zm2 5v3h5V9zm7 0v3h7V9zm-7 5v4h5v-4zm7 0v4h7v-4z"/>
</svg>`
});
