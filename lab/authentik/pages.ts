// Stands in for Authentik: its pages for people, as small as they can be and still take somebody through a sign-in.

const escaped = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const layout = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)} - authentik</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 10vh auto; padding: 0 1rem; color: #151515 }
label { display: block; margin: 1rem 0 }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem }
button { font: inherit; padding: .4rem 1.5rem }
[role=alert] { color: #b00020 }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${content}
</body>
</html>
`;

export const pageNotFound = layout("Not found", "<p>The page could not be found.</p>");

/** What Authentik answers instead of a redirect when it cannot trust where to redirect to, or does not let somebody in. */
export const messagePage = (title: string, message: string): string =>
  layout(title, `<p role="alert">${escaped(message)}</p>`);

/** The start page of somebody who is signed in. */
export const homePage = (
  username: string,
  applications: readonly { readonly name: string; readonly url: string }[],
): string =>
  layout(
    "My applications",
    `<p>Signed in as <strong id="username">${escaped(username)}</strong>.</p>
<ul>${applications.map(({ name, url }) => `<li><a href="${escaped(url)}">${escaped(name)}</a></li>`).join("")}</ul>`,
  );

/** Takes a person through a flow by way of the flow executor. */
export const flowPage = (title: string, slug: string): string =>
  layout(title, `<form></form>\n<script type="module">\n${flowScript(slug)}\n</script>`);

const flowScript = (slug: string): string => `
const query = location.search.slice(1);
const executor = "/api/v3/flows/executor/" + ${JSON.stringify(encodeURIComponent(slug))} + "/?" + new URLSearchParams({ query });
const form = document.querySelector("form");
const fieldsOf = {
  "ak-stage-identification": (challenge) => [
    ["uid_field", "Username", "text", "username"],
    ...(challenge.password_fields ? [["password", "Password", "password", "current-password"]] : []),
  ],
  "ak-stage-password": () => [["password", "Password", "password", "current-password"]],
  "ak-stage-authenticator-validate": (challenge) =>
    challenge.device_challenges.length > 0 ? [["code", "Code", "text", "one-time-code"]] : [],
  "ak-stage-authenticator-totp": () => [["code", "Code", "text", "one-time-code"]],
  "ak-stage-authenticator-static": () => [],
  "ak-stage-user-login": () => [["remember_me", "Remember me", "checkbox", "off"]],
};
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
function show(challenge) {
  if (challenge.component === "xak-flow-redirect") {
    if (challenge.to.startsWith("/api/v3/flows/executor/")) return step();
    location.assign(challenge.to === "/" ? "/if/user/" : challenge.to);
    return;
  }
  const errors = Object.values(challenge.response_errors ?? {}).flat().map((error) => error.string);
  if (challenge.error_message) errors.push("Request has been denied. " + challenge.error_message);
  const fields = fieldsOf[challenge.component]?.(challenge);
  const alerts = errors.map((error) => element("p", { role: "alert", textContent: error }));
  const hints = [challenge.config_url, ...(challenge.codes ?? [])].filter(Boolean);
  const notes = hints.map((hint) => element("p", {}, element("code", { textContent: hint })));
  const inputs = (fields ?? []).map(([name, label, type, autocomplete]) =>
    element("label", {}, label, element("input", { name, type, autocomplete })),
  );
  const choices = (challenge.configuration_stages ?? []).map((stage) =>
    element("p", {}, element("button", { name: "selected_stage", value: stage.pk, textContent: "Set up: " + stage.name })),
  );
  const submit = fields && choices.length === 0 ? [element("button", { textContent: "Log in" })] : [];
  form.replaceChildren(...alerts, ...notes, ...inputs, ...choices, ...submit);
  form.querySelector("input")?.focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    const answer = { component: challenge.component, ...Object.fromEntries(new FormData(form, event.submitter)) };
    if ("remember_me" in answer) answer.remember_me = true;
    step({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer) });
  };
}
async function step(request) {
  const response = await fetch(executor, { headers: { Accept: "application/json" }, ...request });
  if (response.ok) return show(await response.json());
  form.replaceChildren(element("p", { role: "alert", textContent: "Authentik answered " + response.status + "." }));
}
await step();`;
