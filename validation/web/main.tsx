import { render } from 'preact';
import './state/theme.ts';
import { App } from './app.tsx';
import { setRoot } from './routes.ts';

// The server writes it into the page: only it knows below which path the page is found.
setRoot(document.querySelector<HTMLMetaElement>('meta[name=root]')?.content ?? '');
const root = document.getElementById('page');
if (root) render(<App />, root);
