package e2e_test

// Why the two disagree. Each reason is something that Snowplow's package does on purpose, or that malgrupp does.
const (
	late = "Snowplow drops what a browser sent more than three days after it happened; here a late event counts from " +
		"the day it arrives, " +
		"while its own time lies in a window"
	longSession = "Snowplow puts a session into quarantine three days after it began, and what it does later is lost; " +
		"here a session has no say in what counts"
	oneDevice = "Snowplow gives all of a session to the device it began on; here each device id is a device, and who " +
		"uses several is asked at customer level"
	noView = "Snowplow builds sessions from events with a page view id alone, and this device has none; here a row " +
		"needs a device, a time and a name"
	noSession = "Snowplow leaves out events without a session id; here nothing hangs on it"
	noDevice  = "Snowplow counts the session of an event without a device id; here such a row has no owner and is " +
		"refused with BLOCKED_DEVICE"
	sameView  = "Snowplow keeps one page view of each page view id; here two events with two event ids are two events"
	strayPing = "Snowplow adds up the views of sessions, and a session that has only pings counts one; here a page view " +
		"is an event of that name"
	tenNames = "Snowplow gives a device to the last user id seen on it; here ten customers on one device within 90 days " +
		"are a kiosk, whose rows are nobody's"
	missing = "the device is not in Snowplow's table (see users)"
	ownTime = "Snowplow keeps the newest answer and so opens all that the device ever did; here a row counts only if " +
		"the grant covers its own time too: " +
		"the banner was seen before anybody had agreed to anything"
	revived = ownTime + "; what the device did before it first said no stays closed, for a new grant revives nothing"
	opens   = "scope preferences is not asked for alone: marketing opens purpose profile as well, for no audience for " +
		"ads can do without it"
	needed = "what is necessary needs no consent, so no purpose speaks of it"
	before = "Snowplow looks at the last answer alone, which refused everything; here a refusal after an agreement is a " +
		"withdrawal, for removals are owed"
)

// explained is every fact about which Snowplow's tables and malgrupp disagree.
var explained = []difference{
	{fact{"users", "0691aaf0", "page_views"}, "6", "4", strayPing},
	{fact{"users", "b3c88384", "page_views"}, "2", "1", strayPing},
	{fact{"users", "f897c486", "page_views"}, "7", "8", sameView},
	{fact{"users", "4f011c92", "page_views"}, "2", "4", longSession},
	{fact{"users", "4f011c92", "last day"}, "2021-03-03", "2021-03-11", longSession},
	{fact{"users", "12c98e1f", "page_views"}, "1", "2", longSession},
	{fact{"users", "12c98e1f", "last day"}, "2020-07-03", "2021-03-04", longSession},
	{fact{"users", "0e9ab97b", "page_views"}, "3", "1", oneDevice},
	{fact{"users", "0e9ab97b", "last day"}, "2021-03-04", "2021-03-02", oneDevice},
	{fact{"users", "1f72f389", "page_views"}, "", "1", oneDevice},
	{fact{"users", "2e340eb6", "page_views"}, "", "1", oneDevice},
	{fact{"users", "9341fb4f", "page_views"}, "", "1", late},
	{fact{"users", "ff747617", "page_views"}, "", "1", noView},

	{fact{"sessions", "4f011c92", "page_view"}, "2", "4", longSession},
	{fact{"sessions", "4f011c92", "link_click"}, "", "3", longSession},
	{fact{"sessions", "4f011c92", "snplow_cookies"}, "1", "4", longSession},
	{fact{"sessions", "12c98e1f", "page_view"}, "1", "2", longSession},
	{fact{"sessions", "0e9ab97b", "page_view"}, "3", "1", oneDevice},
	{fact{"sessions", "0e9ab97b", "data_structures_workflow"}, "1", "", oneDevice},
	{fact{"sessions", "1f72f389", "page_view"}, "", "1", oneDevice},
	{fact{"sessions", "1f72f389", "data_structures_workflow"}, "", "1", oneDevice},
	{fact{"sessions", "2e340eb6", "page_view"}, "", "1", oneDevice},
	{fact{"sessions", "9341fb4f", "page_view"}, "", "1", late},
	{fact{"sessions", "9341fb4f", "snplow_cookies"}, "", "1", late},
	{fact{"sessions", "ff747617", "page_view"}, "", "1", noView},
	{fact{"sessions", "ff747617", "snplow_cookies"}, "", "1", noView},
	{fact{"sessions", "4f1b6638", "object_click"}, "", "1", noSession},
	{fact{"sessions", "", "page_view"}, "1", "", noDevice},

	{fact{"page views", "4f011c92", "labelled"}, "", "2", longSession},
	{fact{"page views", "12c98e1f", "labelled"}, "", "1", longSession},
	{fact{"page views", "9341fb4f", "labelled"}, "", "1", late},

	{fact{"stitching", "434dff58", "customer"}, "user stitch - session: 2nd id: 10", "", tenNames},
	{fact{"stitching", "9341fb4f", "customer"}, "", "late arriving: device created/sent >3 days", missing},
	{fact{"stitching", "ff747617", "customer"}, "", "NULL page_view_id", missing},

	{fact{"consent users", "0f71eec8", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "14adabe8", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "1c2e3fab", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "1de9fb98", "events for ads"}, "4", "1", revived},
	{fact{"consent users", "2816bdb9", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "319f2800", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "4b0897e9", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "4e28e517", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "5c33a6ad", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "7e3708bb", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "da03a587", "events for ads"}, "2", "1", ownTime},
	{fact{"consent users", "2816bdb9", "preferences"}, "", "yes", opens},
	{fact{"consent users", "4e28e517", "preferences"}, "", "yes", opens},
	{fact{"consent users", "da03a587", "preferences"}, "", "yes", opens},

	{fact{"scope status", "newest wording", "necessary"}, "13", "", needed},
	{fact{"scope status", "newest wording", "preferences"}, "6", "8", opens},

	{fact{"consent totals", "version 1", "denied"}, "4", "1", before},
	{fact{"consent totals", "version 1", "withdrawn"}, "", "3", before},
	{fact{"consent totals", "version 2", "denied"}, "3", "1", before},
	{fact{"consent totals", "version 2", "withdrawn"}, "", "2", before},
}
