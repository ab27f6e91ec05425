/** Whether what is sent to a host stays on this machine. @param host as `URL.hostname` has it, or without the brackets of IPv6 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || /^(?:\[::1\]|::1|127(?:\.\d{1,3}){3})$/.test(host);
}
