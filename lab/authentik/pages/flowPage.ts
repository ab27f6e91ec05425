// Stands in for Authentik: the page that takes a user through a flow, with the flow executor.
import { layout } from "./pages.ts";

/** A page that loads nothing from other servers. */
export const flowPage = (title: string, slug: string): string =>
  layout(
    title.replaceAll("%(app)s", "the application"),
    `<form aria-live="polite"></form>
<noscript><p role="alert">The sign-in needs JavaScript.</p></noscript>
<script type="module">
const executor = "/api/v3/flows/executor/" + ${JSON.stringify(encodeURIComponent(slug))} + "/?";
${script}
</script>`,
  );

const script = `
const query = location.search.slice(1);
const form = document.querySelector("form");

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// A labelled field. Its errors are shown above it and read by screen readers with it.
function field(challenge, name, label, properties) {
  const wrong = (challenge.response_errors?.[name] ?? []).length > 0;
  const input = element("input", { id: name, name, required: true, ...properties });
  if (wrong) input.setAttribute("aria-invalid", "true");
  return [element("label", { htmlFor: name }, label), input];
}

const text = (content) => element("p", {}, content);
const send = (label, properties = {}) => element("button", { ...properties }, label);
const codes = (values) => values.map((value) => element("p", {}, element("code", {}, value)));
const who = (challenge) =>
  element("p", { className: "who" }, element("span", {}, challenge.pending_user),
    element("a", { href: challenge.flow_info.cancel_url }, "Not you?"));
const password = { type: "password", autocomplete: "current-password" };
const oneTime = { autocomplete: "one-time-code", inputMode: "numeric", spellcheck: false };

const stages = {
  "ak-stage-identification": (challenge) => [
    ...field(challenge, "uid_field", namesOf(challenge.user_fields), { autocomplete: "username", autocapitalize: "none" }),
    ...(challenge.password_fields ? field(challenge, "password", "Password", password) : []),
    send(challenge.primary_action),
  ],
  "ak-stage-password": (challenge) => [
    who(challenge), ...field(challenge, "password", "Password", password), send("Continue"),
  ],
  "ak-stage-authenticator-validate": (challenge) => challenge.device_challenges.length > 0
    ? [who(challenge), ...field(challenge, "code", codeOf(challenge.device_challenges), oneTime), send("Continue")]
    : [who(challenge), text("Choose a second factor to set up. Without one you cannot sign in."),
        ...challenge.configuration_stages.map((stage) =>
          send(stage.verbose_name, { name: "selected_stage", value: stage.pk, className: "other" }))],
  "ak-stage-authenticator-totp": (challenge) => [
    who(challenge), text("Put this key into your authenticator app, then enter the code that it shows."),
    ...codes([new URL(challenge.config_url).searchParams.get("secret")]),
    ...field(challenge, "code", "Code", oneTime), send("Continue"),
  ],
  "ak-stage-authenticator-static": (challenge) => [
    who(challenge), text("Keep these codes in a safe place. Each of them works once."),
    ...codes(challenge.codes), send("Continue"),
  ],
  "ak-stage-consent": (challenge) => [
    text(challenge.header_text),
    element("ul", {}, ...challenge.permissions.map(({ name }) => element("li", {}, name))),
    element("input", { type: "hidden", name: "token", value: challenge.token }), send("Continue"),
  ],
  "ak-stage-user-login": (challenge) => [
    who(challenge),
    element("label", { className: "check" },
      element("input", { type: "checkbox", name: "remember_me", value: "true" }), " Stay signed in"),
    send("Continue"),
  ],
  "ak-stage-access-denied": () => [element("a", { href: "/" }, "Back to the start")],
};

function namesOf(fields) {
  const names = { username: "Username", email: "Email", upn: "UPN" };
  return fields.map((name) => names[name]).join(" or ");
}

function codeOf(devices) {
  return devices.some((device) => device.device_class === "totp") ? "Code from your authenticator app" : "One of your codes";
}

function show(challenge) {
  if (challenge.component === "xak-flow-redirect") {
    if (challenge.to.startsWith("/api/v3/flows/executor/")) return step();
    location.assign(challenge.to === "/" ? "/if/user/" : challenge.to);
    return;
  }
  const errors = Object.values(challenge.response_errors ?? {}).flat().map((error) => error.string);
  if (challenge.error_message) errors.push("Request has been denied. " + challenge.error_message);
  const asked = stages[challenge.component]?.(challenge) ?? [text("The lab cannot show " + challenge.component + ".")];
  form.replaceChildren(...errors.map((error) => element("p", { role: "alert" }, error)), ...asked);
  form.dataset.stage = challenge.component;
  (form.querySelector("[aria-invalid]") ?? form.querySelector("input:not([type=hidden])") ?? form.querySelector("button"))?.focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    const answer = { component: challenge.component, ...Object.fromEntries(new FormData(form, event.submitter)) };
    if ("remember_me" in answer) answer.remember_me = true;
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    step({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(answer) });
  };
}

async function step(request) {
  const response = await fetch(executor + new URLSearchParams({ query }), { headers: { Accept: "application/json" }, ...request });
  if (response.ok) return show(await response.json());
  form.replaceChildren(element("p", { role: "alert" }, "Authentik answered " + response.status + "."));
}

await step();
`;
