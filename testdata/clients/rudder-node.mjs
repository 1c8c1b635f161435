// Sends calls by @rudderstack/rudder-sdk-node, which compresses its batches.
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { calls, end, key, url } from './program.mjs';

const analytics = new RudderAnalytics(key, { dataPlaneUrl: url, flushAt: 20, flushInterval: 200, retryCount: 10, logLevel: 'none' });
const failures = [];
const all = await calls();
const delivered = all.map(
  ({ type, ...call }) =>
    new Promise((done) => {
      analytics[type](call, (err) => {
        if (err) failures.push(err);
        done();
      });
    }),
);
await analytics.flush();
await Promise.all(delivered);
end(all.length, failures);
