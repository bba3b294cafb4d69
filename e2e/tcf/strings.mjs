// Writes random TC strings with the official library of the IAB Tech Lab and prints what that library reads in them: one
// JSON object a line. Arguments: the folder where the library is installed, a seed, how many strings.
//
// The parts are put together by the library's own SegmentEncoder. Its TCString.encode would first drop what the current
// list of vendors does not have. Half of the sets of vendors are written as ranges in any order that may overlap, which
// the form allows and the library never writes.
import { createRequire } from 'node:module';

const [site, seed, count] = process.argv.slice(2);
const tcf = createRequire(`${site}/package.json`)('@iabtechlabtcf/core');

let state = Number(seed);
function random() { // mulberry32
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const from = (low, high) => low + Math.floor(random() * (high - low + 1));
const chance = (share) => random() < share;
const one = (list) => list[from(0, list.length - 1)];
const letters = () => String.fromCharCode(from(65, 90), from(65, 90));
const shuffled = (list) => list.map((v) => [random(), v]).sort((a, b) => a[0] - b[0]).map((pair) => pair[1]);

const largest = 2 ** 36 - 1; // tenths of a second
const turns = ['2021-09-01', '2023-10-01', '2026-03-01'].map((date) => Date.parse(date) / 100);
const instant = () => new Date(100 * one([
  0, largest, from(0, largest), from(15e9, 18e9), from(15e9, 18e9), one(turns) + from(-1, 1),
]));

function bits(n) {
  const v = new tcf.Vector();
  for (let i = 1; i <= n; i++) if (chance(0.5)) v.set(i);
  return v;
}

function vendors() {
  const v = new tcf.Vector();
  if (chance(0.1)) return v;
  const high = chance(0.01) ? 65535 : from(1, one([30, 300, 1500]));
  const share = one([0.005, 0.1, 0.5, 0.95]);
  for (let i = 1; i <= Math.min(high, 1500); i++) if (chance(share)) v.set(i);
  for (let n = from(0, 3); n > 0; n--) {
    const first = from(1, high);
    for (let i = first; i <= Math.min(high, first + from(0, 60)); i++) v.set(i);
  }
  return v;
}

const written = tcf.VendorVectorEncoder.encode;
tcf.VendorVectorEncoder.encode = (vector) => {
  const ids = [...vector.values()];
  if (ids.length > 300 || chance(0.5)) return written.call(tcf.VendorVectorEncoder, vector);
  const ranges = shuffled(ids).map((id) => {
    let last = id;
    while (vector.has(last + 1) && chance(0.5)) last++;
    return last === id ? [id] : [id, last];
  });
  const high = Math.min(65535, vector.maxId + from(0, 3));
  return tcf.IntEncoder.encode(high, 16) + '1' + tcf.VendorVectorEncoder.buildRangeEncoding(ranges);
};

function restrict(restrictions) {
  restrictions.gvl = { vendorIds: new Set(Array.from({ length: 2000 }, (_, i) => i + 1)) };
  for (let n = chance(0.5) ? 0 : from(1, 8); n > 0; n--) {
    const what = new tcf.PurposeRestriction(from(1, one([11, 63])), from(0, 2));
    for (let k = from(1, 4); k > 0; k--) {
      const first = from(1, 1500);
      for (let id = first; id <= first + one([0, 0, 1, 40]); id++) restrictions.add(id, what);
    }
  }
}

function model() {
  const m = new tcf.TCModel();
  m.created = instant();
  m.lastUpdated = chance(0.5) ? m.created : instant();
  m.cmpId = from(2, 4095);
  m.cmpVersion = from(0, 4095);
  m.consentScreen = from(0, 63);
  m.consentLanguage = letters();
  m.publisherCountryCode = letters();
  m.vendorListVersion = from(0, 4095);
  m.policyVersion = chance(0.5) ? 5 : from(0, 63);
  m.isServiceSpecific = chance(0.8);
  m.useNonStandardTexts = chance(0.2);
  m.purposeOneTreatment = chance(0.2);
  m.specialFeatureOptins = bits(12);
  m.purposeConsents = bits(24);
  m.purposeLegitimateInterests = bits(24);
  m.vendorConsents = vendors();
  m.vendorLegitimateInterests = vendors();
  m.vendorsDisclosed = vendors();
  m.vendorsAllowed = vendors();
  restrict(m.publisherRestrictions);
  m.publisherConsents = bits(24);
  m.publisherLegitimateInterests = bits(24);
  m.numCustomPurposes = chance(0.3) ? 0 : from(0, 63);
  m.publisherCustomConsents = bits(m.numCustomPurposes);
  m.publisherCustomLegitimateInterests = bits(m.numCustomPurposes);
  return m;
}

const sorted = (ids) => [...ids].sort((a, b) => a - b);
const numbers = (vector) => sorted(vector.values());

function read(text, segments) {
  const m = tcf.TCString.decode(text);
  return {
    text,
    segments,
    version: m.version,
    created: m.created.getTime(),
    lastUpdated: m.lastUpdated.getTime(),
    cmpId: m.cmpId,
    cmpVersion: m.cmpVersion,
    screen: m.consentScreen,
    language: m.consentLanguage,
    country: m.publisherCountryCode,
    vendorList: m.vendorListVersion,
    policy: m.policyVersion,
    serviceSpecific: m.isServiceSpecific,
    nonStandardTexts: m.useNonStandardTexts,
    purposeOneTreatment: m.purposeOneTreatment,
    specialFeatures: numbers(m.specialFeatureOptins),
    consents: numbers(m.purposeConsents),
    interests: numbers(m.purposeLegitimateInterests),
    vendorConsents: numbers(m.vendorConsents),
    vendorInterests: numbers(m.vendorLegitimateInterests),
    disclosed: numbers(m.vendorsDisclosed),
    allowed: numbers(m.vendorsAllowed),
    restrictions: m.publisherRestrictions.getRestrictions().map((r) => ({
      purpose: r.purposeId, kind: r.restrictionType, vendors: m.publisherRestrictions.getVendors(r),
    })),
    ownConsents: numbers(m.publisherConsents),
    ownInterests: numbers(m.publisherLegitimateInterests),
    custom: m.numCustomPurposes,
    customConsents: numbers(m.publisherCustomConsents),
    customInterests: numbers(m.publisherCustomLegitimateInterests),
  };
}

const { CORE, VENDORS_DISCLOSED, VENDORS_ALLOWED, PUBLISHER_TC } = tcf.Segment;
for (let left = Number(count); left > 0;) {
  const m = model();
  const more = shuffled([VENDORS_DISCLOSED, VENDORS_ALLOWED, PUBLISHER_TC]).filter(() => chance(0.6));
  const text = [CORE, ...more].map((segment) => tcf.SegmentEncoder.encode(m, segment)).join('.');
  if (text.length > 16384) continue; // refused by us and not by the library
  console.log(JSON.stringify(read(text, more)));
  left--;
}
