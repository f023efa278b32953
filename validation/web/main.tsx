import { render } from 'preact';
import './state/theme.ts';
import { App } from './app.tsx';

const root = document.getElementById('page');
if (root) render(<App />, root);
