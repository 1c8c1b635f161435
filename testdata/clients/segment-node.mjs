// Sends calls by @segment/analytics-node.
import { Analytics } from '@segment/analytics-node';
import { calls, end, key, url } from './program.mjs';

const analytics = new Analytics({ writeKey: key, host: url, maxEventsInBatch: 20, maxRetries: 10, flushInterval: 200 });
const failures = [];
const all = await calls();
const delivered = all.map(
  ({ type, ...call }) =>
    new Promise((done) => {
      analytics[type](call, (err) => {
        if (err) failures.push(err.reason ?? err);
        done();
      });
    }),
);
await Promise.all(delivered);
await analytics.closeAndFlush({ timeout: 60_000 });
end(all.length, failures);
