import { render } from 'preact';
import './state/theme.ts';
import { App } from './app.tsx';
import { setRoot } from './routes.ts';

// The server writes the path into the page, because only the server knows it.
setRoot(document.querySelector<HTMLMetaElement>('meta[name=root]')?.content ?? '');
const root = document.getElementById('page');
if (root) render(<App />, root);
