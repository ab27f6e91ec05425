// Stands in for Authentik: its flow executor, which takes a browser or a program through the stages of a flow.
import type { Context } from "hono";
import { Hono } from "hono";
import type { Database } from "../models/database.ts";
import type { JsonObject } from "../../shared/json.ts";
import { isObject, text } from "../../shared/json.ts";
import type { Origin, Origins } from "../sessions/origins.ts";
import { incoming } from "../sessions/origins.ts";
import { pageNotFound } from "../pages/pages.ts";
import { planFlow, skipUnbound } from "./planner.ts";
import { page } from "../pages/responses.ts";
import type { Sessions, Visit } from "../sessions/sessions.ts";
import type { Turn, Verdict } from "./stage.ts";
import { stageKind } from "./stages.ts";
import type { Plan, Row } from "../models/state.ts";
import { avatar } from "../api/views.ts";
import type { FieldErrors } from "../models/validation.ts";

export interface ExecutorOptions {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly origins: Origins;
  /** Completes an authorization. Returns the application's redirect URI with the code. */
  readonly authorize: (query: string, visit: Visit, origin: Origin) => Promise<string>;
}

/** `GET` and `POST` of `/api/v3/flows/executor/<slug>/`. */
export function executorRoutes(options: ExecutorOptions): Hono {
  const { database, sessions, origins } = options;
  const app = new Hono();
  app.on(["GET", "POST"], "/api/v3/flows/executor/:slug/", async (c) => {
    const flow = database.find("authentik_flows.flow", { slug: c.req.param("slug") });
    if (flow === undefined) return page(pageNotFound, 404);
    const answer = c.req.method === "POST" ? await readAnswer(c) : undefined;
    const origin = origins.of(incoming(c));
    const visit = sessions.open(c.req.header("cookie"), origin);
    const run = new Run(options, { visit, flow, origin, context: c });
    const response = await run.answer(answer);
    for (const cookie of sessions.cookiesOf(visit)) response.headers.append("set-cookie", cookie);
    // Authentik sends `Allow` only after a stage has run.
    if (run.reachedStage) response.headers.set("allow", "GET, POST, HEAD, OPTIONS");
    database.save();
    return response;
  });
  return app;
}

interface Request {
  readonly visit: Visit;
  readonly flow: Row;
  readonly origin: Origin;
  readonly context: Context;
}

/** Handles one request to the executor. */
class Run {
  reachedStage = false;
  readonly #options: ExecutorOptions;
  readonly #request: Request;

  constructor(options: ExecutorOptions, request: Request) {
    this.#options = options;
    this.#request = request;
  }

  async answer(answer: JsonObject | undefined): Promise<Response> {
    const { database, sessions } = this.#options;
    const { visit, origin } = this.#request;
    const plan = this.#plan();
    if (plan === undefined) return this.#denied("Flow does not apply to current user.", undefined);
    skipUnbound(database, plan, origin.ip);
    const [current] = plan.stages;
    if (current === undefined) return this.#finish(plan);
    this.reachedStage = true;
    const found = stageKind(database, current.stage);
    if (found === undefined) return this.#verdict(plan, "denied");
    const { row: stage, kind } = found;
    const turn: Turn = { database, sessions, visit, plan, stage, origin };
    const reaction = answer === undefined ? {} : kind.respond(turn, answer);
    if (typeof reaction === "string") return this.#verdict(plan, reaction);
    const challenge = kind.challenge(turn);
    return typeof challenge === "string" ? this.#verdict(plan, challenge) : this.#challenge(challenge, reaction);
  }

  /** The session's current plan, or a new one; `undefined` if the flow does not apply to the account. */
  #plan(): Plan | undefined {
    const { database, sessions } = this.#options;
    const { visit, flow, origin } = this.#request;
    const { session } = visit;
    if (session.plan?.flow === text(flow["slug"])) return session.plan;
    const plan = planFlow({ database, flow, user: sessions.userOf(visit), ip: origin.ip });
    if (plan !== undefined) session.plan = plan;
    return plan;
  }

  #verdict(plan: Plan, verdict: Verdict): Promise<Response> | Response {
    if (verdict === "denied") {
      this.#request.visit.session.plan = null;
      return this.#denied("Unknown error", plan.pendingName);
    }
    plan.stages.shift();
    delete plan.memo;
    return plan.stages.length === 0 ? this.#finish(plan) : this.#redirectToSelf();
  }

  /** Ends the flow, whether or not a user is now signed in. */
  async #finish({ authorization }: Plan): Promise<Response> {
    const { visit, origin, context } = this.#request;
    visit.session.plan = null;
    if (authorization !== undefined) return this.#redirect(await this.#options.authorize(authorization, visit, origin));
    const next = new URLSearchParams(context.req.query("query") ?? "").get("next") ?? "/";
    // Only redirects within Authentik are allowed.
    return this.#redirect(/^\/(?![/\\])/.test(next) ? next : "/");
  }

  /** The next stage has the same URL. Authentik compares URLs literally: another spelling gets JSON. */
  #redirectToSelf(): Response {
    const { req } = this.#request.context;
    const { pathname, search } = new URL(req.url);
    const query = new URLSearchParams({ query: req.query("query") ?? "" });
    const to = `${pathname}?${query.toString()}`;
    if (to !== `${pathname}${search}`) return this.#redirect(to);
    return new Response(null, { status: 302, headers: { "content-type": "text/html; charset=utf-8", location: to } });
  }

  #redirect(to: string): Response {
    return this.#request.context.json({ component: "xak-flow-redirect", to });
  }

  #challenge(challenge: JsonObject, errors: FieldErrors = {}): Response {
    const { flow, context } = this.#request;
    const problems = Object.keys(errors).length === 0 ? {} : { response_errors: errors };
    const { component = "", ...asked } = challenge;
    return context.json({ flow_info: flowInfo(flow), component, ...problems, ...asked });
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
