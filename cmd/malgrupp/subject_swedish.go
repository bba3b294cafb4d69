package main

import (
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments"
)

var swedish = &language{
	kinds:    map[string]string{"device": "enhet", "customer": "kund"},
	title:    "Vad som finns sparat om dig (%s %s)",
	known:    "Enligt vad som var känt %s %s.",
	asked:    "Visas med anledning av: %s.",
	now:      "Ditt samtycke nu",
	states:   map[subject.State]string{subject.Grant: "ja", subject.Deny: "nej", subject.None: "inget samtycke"},
	since:    "sedan %s",
	until:    "till %s om du inte bekräftar det",
	epoch:    "det som hänt från och med %s får användas",
	said:     "Vad du har bestämt, det äldsta först",
	silent:   "Ingenting är antecknat.",
	recorded: "antecknat %s av %s",
	notice:   "informationstext %d",
	evidence: "bevis %s",
	tc:       "med en TC-sträng",
	kept:     "sparas för gott",
	places:   "Vem som har fått uppgifter om dig",
	place:    "%s, för segmentet %s: tillagd %s av körningen %s, antal identifierare: %d",
	leaving:  "%s, för segmentet %s: ombedd %s av körningen %s att ta bort dig, ännu obekräftat, identifierare: %d",
	nowhere:  "Ingen har dig på någon lista just nu.",
	unread:   "Visas inte: svaret gäller en dag som har gått.",
	stays:    "Segment som du stannar kvar i en tid",
	stay:     "%s: sedan %s, uppfyllde villkoren senast %s",
	joined:   "Vem som räknas som samma person",
	one:      "%s %s: ja, på grund av inloggningar från %s till %s, %d dag(ar) med inloggning, och ingen annans",
	other: "%s %s: nej, trots inloggningar från %s till %s, %d dag(ar) med inloggning: även andra loggar in " +
		"där, eller så används för många enheter",
	apart:    "Ingen: enheter och kunder förs inte samman.",
	nobody:   "Ingen: ingen inloggning är antecknad.",
	segments: "Segment som du är med i nu",
	segment:  "%s (%s): %s",
	none:     "Inga.",
	unasked:  "används inte: ingen frågar efter detta ändamål",
	unheard:  "Det som din webbläsare själv skickar vid besök, till exempel en integritetssignal, har inte lästs här.",
	rights:   "Du kan när som helst återkalla ditt samtycke eller invända; det gäller från och med nästa körning.",
	actions: map[string]string{
		"grant": "du sade ja", "deny": "du sade nej", "withdraw": "du återkallade samtycket", "object": "du invände",
		"lift": "du tog tillbaka invändningen", "erase": "du bad att bli raderad",
		"gpc": "din webbläsare skickade en integritetssignal", "browser": "din webbläsare eller enhet nekade",
		"state": "ditt val i samtyckesrutan", "forget": "du glömdes på din begäran",
	},
	effects: map[string]string{
		"opened": "samtycket började", "renewed": "samtycket bekräftades", "void": "räknas inte",
		"ended": "samtycket upphörde", "denied": "nekat", "lifted": "invändningen upphörde",
		"expired": "samtycket blev för gammalt", "nothing": "ändrade ingenting",
	},
	reasons: map[string]string{
		"ERASED": "du bad att bli raderad", "SUPPRESSED": "du står på en lista över personer som inte får användas",
		"OBJECTED": "du invände", "GPC": "din webbläsare skickade en integritetssignal",
		"BROWSER_SETTING": "din webbläsare eller enhet nekade", "WITHDRAWN": "du återkallade samtycket",
		"DENIED": "du sade nej", "EXPIRED": "samtycket blev för gammalt",
		"GRANT_WILDCARD":  "ett samtycke till allt på en gång är inget samtycke",
		"UNTRUSTED_GRANT": "det kom från en källa som inte får anteckna samtycke",
		"FUTURE_GRANT":    "det är daterat i framtiden", "NOTICE_OLD": "det gäller en för gammal informationstext",
		"NO_RECORD": "ingenting är antecknat",
		"TC_REPLAY": "det är ett tidigare val som skickades igen efter att du hade sagt nej",
	},
	tcReason: "TC-strängen säger inte ja (%s)",
	purposes: map[string]string{
		"measure": "statistik", "profile": "välja annonser och innehåll efter vad du har besökt",
		"link":         "föra samman dina besök med ditt kundförhållande och dina enheter",
		"partner_data": "besök på partners webbplatser", "*": "allt", "activate:*": "lämna uppgifter till någon plattform",
	},
	activate: "lämna uppgifter till %s",
	outcomes: map[segments.Outcome]string{
		segments.In: "med", segments.Control: "i kontrollgruppen, lämnas inte ut", segments.Undecided: "okänt, data saknas",
		segments.Wait: "ännu inte avgjort", segments.Capped: "inte med, andra kom före",
		segments.Withheld: "med, men listan är för liten för att lämnas ut",
	},
}
