// Stands in for Authentik: its web pages, as far as a sign-in needs them.

export const escaped = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const style = `
:root { color-scheme: light dark; --accent: #fd4b2d; --line: #8888; --back: #f3f3f5; --card: #fff; --text: #1c1e21 }
@media (prefers-color-scheme: dark) { :root { --back: #18191a; --card: #242526; --text: #eee } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center;
  padding: 1rem; background: var(--back); color: var(--text) }
main { width: min(26rem, 100%); padding: 2rem; background: var(--card); border-top: 4px solid var(--accent);
  border-radius: 4px; box-shadow: 0 2px 12px #0003 }
h1 { font-size: 1.4rem; margin: 0 0 1rem }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input:not([type=checkbox]) { width: 100%; font: inherit; padding: .5rem .6rem; border: 1px solid var(--line);
  border-radius: 4px; background: transparent; color: inherit }
input[aria-invalid=true] { border-color: #d33 }
label.check { font-weight: normal }
button { width: 100%; margin-top: 1.25rem; font: inherit; font-weight: 600; padding: .6rem; border: 0; border-radius: 4px;
  background: var(--accent); color: #fff; cursor: pointer }
button.other { margin-top: .75rem; background: transparent; color: inherit; border: 1px solid var(--line) }
:focus-visible { outline: 2px solid #06c; outline-offset: 2px }
[role=alert] { margin: 0 0 1rem; padding: .6rem .8rem; border-left: 4px solid #d33; background: #d331 }
.who { display: flex; justify-content: space-between; margin: 0 0 .5rem }
code { word-break: break-all }
`;

export const layout = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escaped(title)} - authentik</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${content}
</main>
</body>
</html>
`;

export const pageNotFound = layout("Not found", "<p>The page could not be found.</p>");

/** What Authentik shows instead of redirecting to a disallowed URI, or to a user without access. */
export const messagePage = (title: string, message: string): string =>
  layout(title, `<p role="alert">${escaped(message)}</p>`);

/** The start page of a signed-in user. */
export const homePage = (
  username: string,
  applications: readonly { readonly name: string; readonly url: string }[],
): string =>
  layout(
    "My applications",
    `<p>Signed in as <strong id="username">${escaped(username)}</strong>.</p>
<ul>${applications.map(({ name, url }) => `<li><a href="${escaped(url)}">${escaped(name)}</a></li>`).join("")}</ul>`,
  );
