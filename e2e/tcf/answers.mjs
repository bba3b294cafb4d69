// Writes the TC string of each answer that it is given, with the official library of the IAB Tech Lab. Argument: the
// folder where the library is installed. In come lines of JSON, {created, updated, measure, profile, ads} with times in
// milliseconds; out come as many strings, in the same order.
//
// The parts are put together by the library's own SegmentEncoder, which leaves the times as they are given.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const tcf = createRequire(`${process.argv[2]}/package.json`)('@iabtechlabtcf/core');
const vendors = [91, 755];

function text(answer) {
  const m = new tcf.TCModel();
  m.created = new Date(answer.created);
  m.lastUpdated = new Date(answer.updated);
  m.cmpId = 300;
  m.cmpVersion = 1;
  m.consentScreen = 1;
  m.consentLanguage = 'PL';
  m.publisherCountryCode = 'PL';
  m.vendorListVersion = 48;
  m.policyVersion = 5;
  m.isServiceSpecific = true;
  m.vendorsDisclosed.set([12, ...vendors]);
  m.numCustomPurposes = 1;
  if (answer.measure) m.publisherConsents.set(8);
  if (answer.profile) {
    m.publisherConsents.set([1, 3]);
    m.publisherCustomConsents.set(1);
  }
  if (answer.ads) {
    m.purposeConsents.set([1, 2, 3, 4, 7, 9, 10]);
    m.vendorConsents.set(vendors);
  }
  const { CORE, VENDORS_DISCLOSED, PUBLISHER_TC } = tcf.Segment;
  return [CORE, VENDORS_DISCLOSED, PUBLISHER_TC].map((segment) => tcf.SegmentEncoder.encode(m, segment)).join('.');
}

for await (const line of createInterface({ input: process.stdin })) console.log(text(JSON.parse(line)));
