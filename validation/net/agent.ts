import { type Dispatcher, EnvHttpProxyAgent } from 'undici';

type Environment = Readonly<Record<string, string | undefined>>;

/** Requests to this machine never use a proxy. */
const HERE = 'localhost,127.0.0.1,[::1]';

/**
 * The agent for requests to other machines: the proxy in `http_proxy` or `https_proxy`, unless `no_proxy` contains the
 * host, as in curl. Without `https_proxy` the other one is used for both.
 * It keeps connections. They need not be closed before the process ends.
 * @param ca certificates, in PEM, of the authority that signed the server's; default: those of Node.js
 * @throws Error with the name of a variable that does not contain an address
 */
export function outgoingAgent(ca?: string, env: Environment = process.env): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const except = env.no_proxy ?? env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({
    httpProxy: proxyOf(env, 'http_proxy'),
    httpsProxy: proxyOf(env, 'https_proxy'),
    noProxy: except.trim() === '*' ? '*' : `${except},${HERE}`,
    // Proxies do not allow CONNECT to port 80, so unencrypted requests name the full address.
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
  throw new Error(`$${name} is not the address of a proxy, such as http://proxy.example.org:3128`);
}
