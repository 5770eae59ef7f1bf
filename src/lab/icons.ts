import { LabIcon } from '@jupyterlab/ui-components';

/** Two bars, joined: the twins. */
export const twinsIcon = new LabIcon({
  name: 'jupyterlab-twinstore:twins',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <rect x="4" y="3" width="5" height="18" rx="1.5"/>
    <rect x="15" y="3" width="5" height="18" rx="1.5"/>
    <rect x="8" y="7.5" width="8" height="2"/>
    <rect x="8" y="14.5" width="8" height="2"/>
  </g>
</svg>`
});
