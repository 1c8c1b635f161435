// Sends calls by @segment/analytics-next from a simulated page of http://localhost:5173. As in a browser, calls to another
// origin are asked for beforehand (preflight), and what the API does not allow the page cannot read.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Window } from 'happy-dom';
import { calls, end, key, url } from './program.mjs';

const library = readFileSync(createRequire(import.meta.url).resolve('@segment/analytics-next/dist/umd/index.js'), 'utf8');
const apiHost = `${url.replace(/^http:\/\//, '')}/v1`;

// refused says why calls will never be delivered.
const refused = [];

const later = () => new Promise((done) => setTimeout(done, 20));

// watch sees the answers as the page does, without changing anything, and adds the ids of what was taken.
function watch(page, taken) {
  const fetch = page.fetch.bind(page);
  page.fetch = async (address, options) => {
    const answer = await fetch(address, options);
    const body = JSON.parse(options.body);
    if (answer.status < 400) for (const call of body.batch ?? [body]) taken.add(call.messageId);
    else if (answer.status < 500 && answer.status !== 429) refused.push(`${answer.status} ${await answer.text()}`);
    return answer;
  };
}

// visit opens a page of its own, a visitor with nothing stored, who sends each call by itself or, batching, some together.
function visit(anonymousId, batching, taken) {
  const page = new Window({
    url: 'http://localhost:5173/',
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  watch(page, taken);
  page.eval(library);
  const deliveryStrategy = batching ? { strategy: 'batching', config: { size: 10, timeout: 200 } } : undefined;
  const destination = { 'Segment.io': { apiKey: key, apiHost, protocol: 'http', deliveryStrategy } };
  const analytics = page.AnalyticsNext.AnalyticsBrowser.load(
    { writeKey: key, cdnSettings: { integrations: { 'Segment.io': { apiKey: key } } } },
    { integrations: destination },
  );
  analytics.setAnonymousId(anonymousId);
  return analytics;
}

const say = {
  page: (a, c) => a.page(c.name, c.properties),
  identify: (a, c) => a.identify(c.userId, c.traits),
  track: (a, c) => a.track(c.event, c.properties),
  group: (a, c) => a.group(c.groupId, c.traits),
  screen: (a, c) => a.screen(c.name, c.properties),
  alias: (a, c) => a.alias(c.userId, c.previousId),
};

const all = await calls();
const visitors = byVisitor(all);

function byVisitor(calls) {
  const by = new Map();
  for (const c of calls) by.set(c.anonymousId, [...(by.get(c.anonymousId) ?? []), c]);
  return by;
}

let n = 0;
const visits = [...visitors].map(async ([anonymousId, calls]) => {
  const taken = new Set();
  const analytics = visit(anonymousId, n++ % 2 === 1, taken);
  let made = 0;
  const settled = async () => {
    while (taken.size < made && refused.length === 0) await later();
  };
  for (const call of calls) {
    // What the library sends again after this goes by the customer's name, no longer by the visitor's.
    if (call.type === 'identify') await settled();
    made++;
    await say[call.type](analytics, call); // a visitor does one thing after another
  }
  await settled();
});
await Promise.all(visits);
end(all.length, refused);
