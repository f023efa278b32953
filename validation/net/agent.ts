import { type Dispatcher, EnvHttpProxyAgent } from 'undici';

type Environment = Readonly<Record<string, string | undefined>>;

/** What runs on this machine is never asked for through a proxy. */
const HERE = 'localhost,127.0.0.1,[::1]';

/**
 * What requests to other machines go through: the proxy that `http_proxy` or `https_proxy` names, unless `no_proxy` has the
 * host, as curl does it. Without `https_proxy` the other one counts for both.
 * It keeps connections; a process that ends needs not close them.
 * @param ca certificates, in PEM, of whoever signed the server's; default: those of Node.js
 * @throws Error that names the variable when it holds no address
 */
export function outgoingAgent(ca?: string, env: Environment = process.env): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const except = env.no_proxy ?? env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({
    httpProxy: proxyOf(env, 'http_proxy'),
    httpsProxy: proxyOf(env, 'https_proxy'),
    noProxy: except.trim() === '*' ? '*' : `${except},${HERE}`,
    // Proxies let nobody through to port 80 by CONNECT: what is not encrypted is asked for by its whole address.
    proxyTunnel: false,
    connect: tls,
    requestTls: tls,
  });
}

function proxyOf(env: Environment, name: string): string {
  const text = env[name] ?? env[name.toUpperCase()] ?? '';
  if (text === '') return '';
  const address = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(address)) return address;
  throw new Error(`$${name} is no address of a proxy, such as http://proxy.example.org:3128`);
}
