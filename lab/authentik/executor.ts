// Stands in for Authentik: its flow executor, which walks a browser or a program through the stages of a flow.
import type { Context } from "hono";
import { Hono } from "hono";
import type { Database } from "./database.ts";
import type { JsonObject } from "./json.ts";
import { isObject, text } from "./json.ts";
import { pageNotFound } from "./pages.ts";
import { isSuperuser, passes } from "./policies.ts";
import type { Sessions, Visit } from "./sessions.ts";
import type { Turn, Verdict } from "./stage.ts";
import { stageKind } from "./stages.ts";
import type { Plan, Row } from "./state.ts";
import { avatar } from "./views.ts";
import type { FieldErrors } from "./validation.ts";

export interface ExecutorOptions {
  readonly database: Database;
  readonly sessions: Sessions;
}

/** `GET` and `POST` of `/api/v3/flows/executor/<slug>/`. */
export function executorRoutes({ database, sessions }: ExecutorOptions): Hono {
  const app = new Hono();
  app.on(["GET", "POST"], "/api/v3/flows/executor/:slug/", async (c) => {
    const flow = database.find("authentik_flows.flow", { slug: c.req.param("slug") });
    if (flow === undefined) return c.html(pageNotFound, 404);
    const answer = c.req.method === "POST" ? await readAnswer(c) : undefined;
    const visit = sessions.open(c.req.header("cookie"));
    const response = new Run(database, sessions, visit, flow, c).answer(answer);
    for (const cookie of sessions.cookiesOf(visit)) response.headers.append("set-cookie", cookie);
    response.headers.set("allow", "GET, POST, HEAD, OPTIONS");
    database.save();
    return response;
  });
  return app;
}

/** One request to the executor. */
class Run {
  readonly #database: Database;
  readonly #sessions: Sessions;
  readonly #visit: Visit;
  readonly #flow: Row;
  readonly #context: Context;

  constructor(database: Database, sessions: Sessions, visit: Visit, flow: Row, context: Context) {
    this.#database = database;
    this.#sessions = sessions;
    this.#visit = visit;
    this.#flow = flow;
    this.#context = context;
  }

  answer(answer: JsonObject | undefined): Response {
    const plan = this.#plan();
    if (plan === undefined) return this.#denied("Flow does not apply to current user.", undefined);
    this.#skipUnbound(plan);
    const [current] = plan.stages;
    if (current === undefined) return this.#finish();
    const found = stageKind(this.#database, current.stage);
    if (found === undefined) return this.#verdict(plan, "denied");
    const { row: stage, kind } = found;
    const { host } = new URL(this.#context.req.url);
    const turn: Turn = { database: this.#database, sessions: this.#sessions, visit: this.#visit, plan, stage, host };
    if (answer === undefined) {
      const challenge = kind.challenge(turn);
      return typeof challenge === "string" ? this.#verdict(plan, challenge) : this.#challenge(challenge);
    }
    const reaction = kind.respond(turn, answer);
    if (typeof reaction === "string") return this.#verdict(plan, reaction);
    const challenge = kind.challenge(turn);
    return typeof challenge === "string" ? this.#verdict(plan, challenge) : this.#challenge(challenge, reaction);
  }

  /** The plan that the session is on, or a new one; `undefined` when the flow is not for this account. */
  #plan(): Plan | undefined {
    const { session } = this.#visit;
    const slug = text(this.#flow["slug"]);
    if (session.plan?.flow === slug) return session.plan;
    const user = this.#sessions.userOf(this.#visit);
    if (!this.#appliesTo(user)) return undefined;
    const stages = this.#database
      .all("authentik_flows.flowstagebinding")
      .filter((binding) => binding["target"] === this.#flow.pk)
      .sort((left, right) => Number(left["order"]) - Number(right["order"]))
      .filter((binding) => binding["evaluate_on_plan"] !== true || passes(this.#database, binding, user))
      .map((binding) => ({
        stage: text(binding["stage"]),
        ...(binding["re_evaluate_policies"] === true ? { reevaluate: binding.pk } : {}),
      }));
    session.plan = {
      flow: slug,
      stages,
      failedAttempts: 0,
      ...(user === undefined ? {} : { pendingUser: user.pk, pendingName: text(user["username"]) }),
    };
    return session.plan;
  }

  #appliesTo(user: Row | undefined): boolean {
    const needs = this.#flow["authentication"];
    if (needs === "require_authenticated" && user === undefined) return false;
    if (needs === "require_unauthenticated" && user !== undefined) return false;
    if (needs === "require_superuser" && (user === undefined || !isSuperuser(this.#database, user))) return false;
    return needs !== "require_outpost" && passes(this.#database, this.#flow, user);
  }

  /** Leaves out the stages whose bindings do not let the account through, without a word, as Authentik does. */
  #skipUnbound(plan: Plan): void {
    for (let [next] = plan.stages; next !== undefined; [next] = plan.stages) {
      const binding = this.#database.get("authentik_flows.flowstagebinding", next.reevaluate ?? null);
      const user = this.#database.get("authentik_core.user", plan.pendingUser ?? null);
      if (binding === undefined || passes(this.#database, binding, user)) return;
      plan.stages.shift();
    }
  }

  #verdict(plan: Plan, verdict: Verdict): Response {
    if (verdict === "denied") {
      this.#visit.session.plan = null;
      return this.#denied("Unknown error", plan.pendingName);
    }
    plan.stages.shift();
    delete plan.memo;
    return plan.stages.length === 0 ? this.#finish() : this.#redirectToSelf();
  }

  /** The flow is over. Whether anybody is signed in now is another question. */
  #finish(): Response {
    this.#visit.session.plan = null;
    const next = new URLSearchParams(this.#context.req.query("query") ?? "").get("next") ?? "/";
    // Only addresses of Authentik itself are followed.
    const to = /^\/(?![/\\])/.test(next) ? next : "/";
    return this.#context.json({ component: "xak-flow-redirect", to });
  }

  /** The next stage is at the same address. Authentik compares addresses as written: another spelling gets JSON. */
  #redirectToSelf(): Response {
    const { pathname, search } = new URL(this.#context.req.url);
    const query = new URLSearchParams({ query: this.#context.req.query("query") ?? "" });
    const to = `${pathname}?${query.toString()}`;
    if (to !== `${pathname}${search}`) return this.#context.json({ component: "xak-flow-redirect", to });
    return new Response(null, { status: 302, headers: { "content-type": "text/html; charset=utf-8", location: to } });
  }

  #challenge(challenge: JsonObject, errors?: FieldErrors): Response {
    const problems = errors === undefined ? {} : { response_errors: errors };
    return this.#context.json({ flow_info: flowInfo(this.#flow), ...challenge, ...problems });
  }

  #denied(error_message: string, name: string | undefined): Response {
    return this.#challenge({
      component: "ak-stage-access-denied",
      pending_user: name ?? "",
      pending_user_avatar: avatar,
      error_message,
    });
  }
}

const flowInfo = (flow: Row): JsonObject => ({
  title: text(flow["title"]),
  background: "/static/dist/assets/images/flow_background.jpg",
  background_themed_urls: null,
  cancel_url: "/flows/-/cancel/",
  layout: text(flow["layout"]),
});

async function readAnswer(c: Context): Promise<JsonObject> {
  const body = (await c.req.json<JsonObject>().catch(() => undefined)) ?? {};
  return isObject(body) ? body : {};
}
