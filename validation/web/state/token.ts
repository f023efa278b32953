const KEY = 'relval-token';

/** The token that the server took last; it is forgotten with the window. */
export function storedToken(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

export function storeToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}
