package source

import (
	"maps"
	"slices"
	"strings"
)

// Explain returns the page of a diagnostic's code: what it means, why it is one, what to do.
func Explain(code string) (string, bool) {
	page, ok := pages[code]
	return strings.ReplaceAll(page, "\n", " "), ok
}

// Codes returns all codes that have a page, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(pages)) }

// pages are the texts behind the codes. A code is never reused for another meaning.
var pages = map[string]string{
	"E-ALIAS": `Anchors (&name), aliases (*name) and merge keys (<<) make a value depend on another place of the file, so
that a reviewer no longer sees what a rule says where it says it; a few of them can also grow to gigabytes. Write the
value out.`,
	"E-ALLOW": `A comment may let a warning pass: # malgrupp:allow W-CODE until 2026-12-31 because of this and that,
above what it speaks of or behind it in its line. It names one warning, a last day and a reason; errors cannot be
allowed.`,
	"E-CHARACTER": `The file holds a control character, a mark that reorders text on the screen, a foreign line end, or
bytes that are not UTF-8. What a reviewer sees would not be what the program reads. Delete the character, or save the
file as UTF-8.`,
	"E-COMPARATOR": `A count or metric is compared with one bound by exactly one of at_least, at_most, exactly, more_than
and less_than. A metric in match or exclude needs one; a metric that ranks (by:) takes none; did without one means
at_least: 1.`,
	"E-COMPARISON": `A value such as ">= 3" means something else in YAML: > and | begin blocks of text, other signs are
reserved. Say the comparison with a word as the key: at_least: 3, at_most: 3, exactly: 3, more_than: 3, less_than: 3.`,
	"E-CONTRADICTION": `No person and no row can ever satisfy this part: a range whose upper end lies below its lower
end, a window that ends before it begins, a count below zero. The rule would select nobody without saying so.`,
	"E-COUNT-ZERO": `A did with at_least: 0 is true for everybody, and exactly: 0 means that the event did not happen.
Both are better said by did_not, which is also careful about data that is missing: over days without data it is
unknown, not true.`,
	"E-CYCLE": `Segments refer to one another in a circle, so none of them can be computed first. The message shows the
whole path with the line of each reference. Break one of them; often the common part belongs into a segment of its
own.`,
	"E-DUPLICATE-KEY": `A key stands twice in one object. YAML readers differ about which of the two counts, so neither
does here. Keep one.`,
	"E-DUPLICATE-NAME": `Two files claim one name. Names connect rules with lists, tests and what destinations were told,
so they are unique in a project, also between kinds that refer to one another. Rename one; a renamed segment says
renamed_from.`,
	"E-DURATION": `A duration is a whole number of s, min, h (elapsed time) or d, w, mo (calendar steps in the segment's
zone), such as 30d or 15min. A bare m is refused because it could be minutes or months. 24h and 1d differ when clocks
change.`,
	"E-EXPIRED-REFERENCE": `in_segment names a segment whose last day is over. It empties itself from then on, and what
refers to it would change with it without a word. Refer to a segment that is kept up, or set a new date there.`,
	"E-FORMAT": `malgrupp fmt writes a file anew and reads the result before it believes it. Here the result would say
something else, or a comment would be lost, so the file stays as it is. That is a defect of the program: please report
the file.`,
	"E-IDENTITY": `A segment about devices cannot refer to one about customers, or the other way round: their members are
different kinds of ids. Use a segment with the same identity, or write the condition into this rule.`,
	"E-KIND": `Each kind of file has its place: Segment in segments/, SegmentTest in tests/, EventSchema in schemas/,
ValueSet in value-sets/, Project in malgrupp.yaml. This file says that it is of another kind. Move it or correct kind.`,
	"E-EXCLUSIVE": `Whoever qualifies for several segments of a group goes to the one with the smallest priority. That
needs different priorities, and segments of one identity level.`,
	"E-LIMIT": `Something is larger than the language allows. A file has at most 256 KiB, 32 levels and 10,000 parts; a
condition at most 4 KiB, 32 levels, 64 tests, 1,000 values in a list; a rule at most 50 patterns; references at most 8
in a chain. Long lists belong into a value set.`,
	"E-LITERAL": `The text of a value cannot be read as what it claims to be. Dates are date '2026-04-01', times of day
time '08:30', points in time timestamp '2026-04-01T00:00:00+03:00' with an offset and at most microseconds, numbers 12
or 12.50.`,
	"E-METRIC": `A metric is a function with at most one column: count(), days(), sum(amount), avg(amount), min(c),
max(c), distinct(c). count and days take no column, the others need one.`,
	"E-MISSING-KEY": `An object lacks a key without which it has no meaning. There are few defaults on purpose: what
decides about people is written down where a reviewer sees it.`,
	"E-NAME": `Names of segments, tests, schemas and value sets have 3 to 63 small letters, digits and hyphens, a letter
first; names of destinations up to 32, also with underscores; columns have small letters, digits, underscores and
dots. They become names of files and lists.`,
	"E-NO-OWNER": `Every segment and value set names an owner who answers for it: a key of contacts in malgrupp.yaml. The
owner is asked at the review date and when a list behaves strangely.`,
	"E-NOT-BUILT": `The specification knows this verb, function or key, but this version of the program does not have it
yet. It is refused by name rather than ignored, because a rule without it would select other people.`,
	"E-NULL-COMPARE": `A comparison with null is never true, as in SQL: not even null equals null. Ask with "is null" or
"is not null".`,
	"E-OPERATOR": `Operators are written as in SQL: = and !=, and, or, not, in small letters. Signs and spellings of
other languages are understood but refused, so that there is one way to write a rule. malgrupp validate --fix rewrites
them.`,
	"E-PATTERN": `The pattern of a matches must mean the same in every engine that computes the rule and may never take
long. So it may have no flags, names, lazy repetition, line anchors, \B or \p, no repetition inside a repetition, at
most 100 repeats and 200 bytes. It always matches the whole value.`,
	"E-PERSON": `The column holds the ids of people, devices, sessions or rows (role customer, device, session, event_id
in the schema, or a second name of the same place in the file). A rule speaks of what people do, never of one known
person: its counts would tell about that person, without the reason and the record that malgrupp why asks for. "is
null" and "is not null" may be asked (a row with a customer_id is one of somebody who had logged in), and so may
distinct(COLUMN), which counts. Single people are kept out by the lists suppression and protected.`,
	"E-PURPOSE": `A segment exists for one purpose: advertising (ad platforms and neutral files), personalisation (the
bank's own pages) or analysis (counts only, deliver: []). The purpose decides which consent is asked, so a destination
or a referenced segment of another purpose is refused.`,
	"E-QUANTISE": `Sums of floating-point numbers depend on the order of the rows, so two runs could differ. Declare the
step of the column in the schema (quantise: 0.01), or store the column as a decimal.`,
	"E-PROFILE": `A profile condition asks for an attribute of a customer, such as has_mortgage is true. It needs a table
of such attributes in the project (profiles_of_customers) with a schema of kind EventSchema that says of: customers,
and a segment of customers.`,
	"E-RANGE": `The number is outside what is possible here; the message says what is. Numbers have at most 18 digits.`,
	"E-RANK": `top and cap order people by a metric that has one exact value: count, sum, min, max, distinct or days. An
average is only ever compared, never computed, and conditions other than metric have no value.`,
	"E-PLATFORM-NAME": `The name that an ad platform would see speaks of a person's money, health, belief or the like.
Meta and Google switch such audiences off, whatever is in them. Give the segment a platform_name that says what was
looked at; its own name may stay honest, unless its lists are carried to the platform as files: then the file's name,
which is the segment's, is seen as well.`,
	"E-REVIEW": `The review date may lie at most 400 days ahead, so that every rule is looked at about once a year.`,
	"E-ROLE": `The program itself needs some columns: when an event happened, whose it is, its name, its id. role: says
which they are; one column for each role, of a type that fits. event_time and one of device and customer are required.`,
	"E-SENSITIVE": `The schema labels content that says something about a person's hardship, health or another protected
matter. A rule that includes or excludes on it may not go to an ad platform: platforms count exclusion as targeting
too. Keep the rule for analysis or choose other content. Rows with content that is labelled policy: drop are used by
no rule at all, so a test that asks for it alone would never be true, or always.`,
	"E-SEQUENCE": `The steps of a sequence do not make a chain that can be judged: it needs one to ten steps that happen
(did), then_not only at the end, within_previous and without only where a step stands before, and what must not lie
between two steps must not be one of them.`,
	"E-TAB": `Tabs look like spaces and are counted differently by every editor. Indent with spaces.`,
	"E-TAG": `YAML takes a word that begins with an exclamation mark for a tag and drops it. In a condition write "not";
a text that really begins with ! stands in quotes.`,
	"E-TYPE": `A value is not of the type that is needed here. Text stands in single quotes, numbers do not; a point in
time is compared with a timestamp, never with a date or a text; yes, no, on and off are texts in YAML files, only true
and false are not.`,
	"E-UNANCHORED": `The rule, or this branch of it, would be true for people of whom we have never seen anything, which
is nearly everybody. Such people are not in the data and cannot be listed. Put the negative condition into an all
together with something the person did.`,
	"E-UNKNOWN-COLUMN": `No schema has a column of that name. Rules use the names on the left in the schema, not those in
the files. malgrupp schema show event NAME lists them.`,
	"E-UNKNOWN-DESTINATION": `deliver names a destination that malgrupp.yaml does not have.`,
	"E-UNKNOWN-EVENT": `The schemas declare which events there are (spec.events), and this one is not among them. A
misspelt event would match nothing for ever. If the event is new, add it to the schema.`,
	"E-UNKNOWN-FUNCTION": `There is no function or metric of that name. malgrupp keeps a short list that means the same
in every engine; functions.md describes it.`,
	"E-UNKNOWN-KEY": `Nothing is ever ignored: a key that does not belong here is an error, because the rule would
otherwise mean something else than its writer thinks. The message lists the keys that do.`,
	"E-UNKNOWN-PROFILE": `The profile asked for is not among those of malgrupp.yaml (section profiles).`,
	"E-UNKNOWN-SCHEMA": `A source names a schema that neither schemas/ nor the program has, or one of the other kind (of
customers, of events).`,
	"E-UNKNOWN-SEGMENT": `in_segment names a segment that the project does not have, or whose file has errors of its own.
Names are never reused after deletion.`,
	"E-UNKNOWN-SET": `in @name names a value set that no file in value-sets/ has.`,
	"E-UNKNOWN-VALUE": `The value is not among those that are possible here; for a column these are the values that the
schema lists (enum). A misspelt value would match nothing for ever.`,
	"E-UNKNOWN-ZONE": `Time zones are IANA names such as Europe/Helsinki, from the database inside the program.
Abbreviations such as EEST are ambiguous and change over the year.`,
	"E-VERB": `Each condition has exactly one verb: what must have happened. Several conditions are joined by all,
any, not or at_least_of.`,
	"E-VERSION": `The file is written for another version of the format. Within malgrupp/v1 meanings never change.`,
	"E-WHERE": `The condition on one row cannot be read. It looks like a WHERE of SQL: column first, then an operator,
then a value: product = 'mortgage' and (amount > 100 or channel in ('app', 'web')).`,
	"E-WHERE-COLON": `In YAML a colon followed by a space starts a new key, also in the middle of a condition and inside
its single quotes. Write the condition as a block: where: | and the text, indented, in the next line.`,
	"E-WHERE-CUT": `YAML read only the beginning of the condition: a space followed by # starts a comment, and inside { }
a comma ends the value, also within single quotes. Write the condition as a block, or the whole of it in double
quotes.`,
	"E-WHERE-FORM": `This way of writing text in YAML (folded blocks, texts over several lines, escapes in double quotes)
changes the text, so that messages could not point into it. Write the condition in one line or as a block: where: |.`,
	"E-WHERE-QUOTE": `A value that begins with a double quote ends at the next one in YAML; what follows makes the file
unreadable. In conditions text stands in single quotes.`,
	"E-WINDOW": `A window is a duration up to now (within: 30d), a band in the past ({from: 90d, to: 30d}), fixed local
days ({from: 2026-03-01, before: 2026-04-01}, the last day not included), or all.`,
	"E-WINDOW-MISSING": `Every condition about events says how far back it looks. There is no default: the window decides
who is selected and how much data a person is judged by. A lifetime is said with within: all.`,
	"E-WINDOW-RETENTION": `The window, with the stay after it, reaches back to days whose rows may have been deleted, so
the verdict would change for no reason in the data. Two days are kept as a margin. Shorten the window, or keep rows
longer.`,
	"E-YAML": `The file is not readable as YAML, or is not one object with keys. The cause often stands a line above the
one named: an indentation, an open quote or bracket.`,
	"W-ALLOW-EXPIRED": `A comment let a warning pass until a day that is over, so the warning is shown again. Put its
cause right, or decide again and set a new date.`,
	"W-ALWAYS-EMPTY": `On the logs as they are (validate --data) nobody is in the segment, although people were seen and
nothing is undecided. The message stands at the condition that nobody fulfils, or at the whole rule if its conditions
never hold together. malgrupp preview shows each condition for how many people. A segment for something that has not
begun may be empty for a while: allow it until then.`,
	"W-CAP-UNORDERED": `A cap that does not say by which metric people are ordered takes them by chance, the same ones
every day. Say who comes first with by: a metric.`,
	"W-CASE": `Texts are compared with their capitals. This text differs from what the column can have in capitals alone,
or stands beside lower(), which has none; so no row passes.`,
	"W-COLUMN-NOT-ON-EVENT": `According to the schema the events of this condition never carry the column; other events
do. The test will be unknown for every row, which never passes.`,
	"W-DUPLICATE": `Two segments have the same identity, match and exclude, so they hold the same people. One of them can
refer to the other by in_segment, or is not needed.`,
	"W-EVERYONE": `On the logs as they are (validate --data) more than 95 % of the people who were seen in the recent
days, with the consent that the segment needs, are in it. A rule that leaves hardly anybody out often has a condition
that is always true. If everybody is meant, allow it with a comment.`,
	"W-EXPENSIVE": `The condition wants every row of a long time, so all of it is read and kept, whatever the other
conditions choose (validate --data adds up the stored bytes of those days). Name the events, or add a where that most
rows fail by the value of a column, or shorten the window.`,
	"W-HIDDEN-NEGATIVE": `On the logs as they are (validate --data) more than a tenth of the people of a segment for
advertising are in it for what they did not do, over a time of which consent hides rows: what they did then counts as
not done. A window that begins after most people consented has fewer of them; or somebody decides, with a comment,
that what consent lets us see is enough. malgrupp preview shows how many they are.`,
	"W-HOLDOUT-SALT": `The control group is drawn by the salt. Two campaigns with one salt hold the same people back, so
their results cannot be told apart. Give each campaign a salt of its own.`,
	"W-HOURS-FOR-DAYS": `Hours are elapsed time, days are local days: they differ twice a year, when clocks change. A
window of 24h, 48h or 168h is usually meant in days; a period after the last step of a sequence usually in hours.`,
	"W-NEGATED-EVENT-FILTER": `A did with != is true for whoever did something else at least once, also for people who
did the excluded thing as well. If you mean people who never did it, say did_not with = beside another condition.`,
	"W-NFC": `Letters such as ä can be written as one character or as two. Data is compared byte by byte and never
changed, and this literal has the rarer form. malgrupp validate --fix rewrites it.`,
	"W-NULL-DROPPED": `As in SQL a missing value is neither equal nor unequal to anything, so rows without the column
never pass !=, not in, not contains. If they should, add: or COLUMN is null. If not, COLUMN is not null says so and
silences this. validate --data adds how many rows that is.`,
	"W-OVERLAP": `Two segments of one owner go to one destination, and more than 80 % of the people in either are in both
(validate --data), so nearly the same people are addressed twice. exclusive with a priority in both gives each person
to one of them; or leave one of them out.`,
	"W-PLATFORM-NAME": `The name of the segment speaks of a person's money, health, belief or the like, and a receiver of
its lists sees it. Ad platforms may switch such audiences off. Give the segment a platform_name or another name.`,
	"W-REGEX": `The pattern has no choice in it, or only at an end. starts_with, ends_with, contains or = say the same,
are read more easily and let the program skip data that cannot pass.`,
	"W-REVIEW-DUE": `The review date of the object has passed. Its owner should look at it, then set a new date or delete
it.`,
	"W-SENSITIVE-NAME": `The title, the reason or a text that the rule looks for speaks of a person's money, health,
belief or the like, and no schema labels it. If that is what it is about, label the content in the schema, so that
rules about it stay away from ad platforms; else use other words.`,
	"W-SMALL": `On the logs as they are (validate --data) fewer people are in the segment than the destination's
min_size, the segment's own or the project's guards: min_audience ask for. The list would be withheld, and whoever the
destination holds of it would be removed.`,
	"W-STAY-LONG": `People stay longer in the segment than its conditions look back, so most of its members would be
there for something that no condition sees any more. Shorten the stay or lengthen the window.`,
	"W-SUBSET": `On the logs as they are (validate --data) everybody in this segment is also in another one that the same
destination is told, and neither refers to the other. That is often meant, as with steps of a funnel; if nobody should
be addressed twice, say exclusive with a priority in both.`,
	"W-TAUTOLOGY": `This part is true whatever happened: it accepts every value that the column can have, asks for an
event and for its absence as alternatives, or holds for whoever fulfils the condition beside it. Leave it out, or say
what was meant.`,
	"W-UNTESTED": `The segment is delivered, and its tests do not say of one invented person that she is in it and of
another that she is not. Write both cases in a file of kind SegmentTest in tests/; malgrupp test --mutate then says
what else they should notice.`,
	"W-UNUSED": `No destination receives the segment and no other segment refers to it; or no rule mentions the value
set, or the named columns of a schema that the project wrote itself; or no source has the schema. Somebody may have
forgotten to deliver it, or to delete it. What a schema does not name no rule can know, so fewer columns are also less
personal data. Columns with a role or a label, or of an event in events, are in use, and a schema of which rules use
less than half is not asked about.`,
	"W-VALUE-NOT-SEEN": `The rule names an event, a value or the beginning of a path that no row of the recent days has
(validate --data; --days says how many). Often it is misspelt, or the site has changed. Conditions whose windows ended
before those days are not asked about. Of a list of more than 20 values and of a value set only that none of them came
is said.`,
	"W-WINDOW-COVERAGE": `The window begins before the logs do (validate --data). What lies there is unknown: did_not and
other limits from above are true for nobody who could have an event there, and did finds fewer people than it will
later. Shorten the window, keep older days, or wait; the message says until when.`,
	"W-SENSITIVE": `The rule excludes by content of payment accounts. That is allowed where the purpose is to spare
people advertising, but somebody should have decided it.`,
}
