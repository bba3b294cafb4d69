package main

import (
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments"
)

var finnish = &language{
	kinds:    map[string]string{"device": "laite", "customer": "asiakas"},
	title:    "Mitä sinusta on tallennettu (%s %s)",
	known:    "Tiedot sellaisina kuin ne olivat %s %s.",
	asked:    "Näytetään, koska: %s.",
	now:      "Suostumuksesi nyt",
	states:   map[subject.State]string{subject.Grant: "kyllä", subject.Deny: "ei", subject.None: "ei suostumusta"},
	since:    "alkaen %s",
	until:    "voimassa %s asti, ellet vahvista sitä",
	epoch:    "tapahtumia saa käyttää alkaen %s",
	said:     "Mitä olet päättänyt, vanhin ensin",
	silent:   "Mitään ei ole kirjattu.",
	recorded: "kirjattu %s, lähde %s",
	notice:   "tiedote %d",
	evidence: "todiste %s",
	tc:       "mukana TC-merkkijono",
	kept:     "säilytetään pysyvästi",
	places:   "Kenelle sinusta on kerrottu",
	place:    "%s, segmentti %s: lisätty %s, ajo %s, tunnisteita %d",
	leaving:  "%s, segmentti %s: pyydetty %s poistamaan, ajo %s, ei vielä vahvistettu, tunnisteita %d",
	nowhere:  "Et ole tällä hetkellä kenenkään listalla.",
	unread:   "Ei kerrota: vastaus koskee mennyttä päivää.",
	stays:    "Segmentit, joissa pysyt jonkin aikaa",
	stay:     "%s: alkaen %s, ehdot täyttyivät viimeksi %s",
	joined:   "Kuka lasketaan samaksi henkilöksi",
	one:      "%s %s: kyllä, kirjautumisten perusteella %s - %s, päiviä %d, eikä kukaan muu ole kirjautunut",
	other: "%s %s: ei, vaikka kirjautumisia oli %s - %s, päiviä %d: myös muut kirjautuvat siellä, tai laitteita on " +
		"liikaa",
	apart:    "Ei ketään: laitteita ja asiakkaita ei yhdistetä.",
	nobody:   "Ei ketään: yhtään kirjautumista ei ole tallennettu.",
	segments: "Segmentit, joissa olet nyt",
	segment:  "%s (%s): %s",
	none:     "Ei yhtään.",
	unasked:  "ei käytössä: kukaan ei kysy tätä tarkoitusta",
	unheard:  "Tähän ei ole luettu sitä, mitä selaimesi itse lähettää käynneillä, kuten yksityisyyssignaaleja.",
	rights: "Voit milloin tahansa peruuttaa suostumuksen tai vastustaa käsittelyä; se vaikuttaa seuraavasta ajosta " +
		"alkaen.",
	actions: map[string]string{
		"grant": "suostuit", "deny": "kieltäydyit", "withdraw": "peruutit suostumuksen", "object": "vastustit käsittelyä",
		"lift": "peruit vastustuksesi", "erase": "pyysit tietojesi poistamista",
		"gpc": "selaimesi lähetti yksityisyyssignaalin", "browser": "selaimesi tai laitteesi kieltäytyi",
		"state": "valintasi suostumusikkunassa", "forget": "sinut unohdettiin pyynnöstäsi",
	},
	effects: map[string]string{
		"opened": "suostumus alkoi", "renewed": "suostumus vahvistettiin", "void": "ei päde", "ended": "suostumus päättyi",
		"denied": "kielletty", "lifted": "vastustus päättyi", "expired": "suostumus vanheni",
		"nothing": "ei muuttanut mitään",
	},
	reasons: map[string]string{
		"ERASED": "pyysit tietojesi poistamista", "SUPPRESSED": "olet listalla, jonka henkilöitä ei saa käyttää",
		"OBJECTED": "vastustit käsittelyä", "GPC": "selaimesi lähetti yksityisyyssignaalin",
		"BROWSER_SETTING": "selaimesi tai laitteesi kieltäytyi", "WITHDRAWN": "peruutit suostumuksen",
		"DENIED": "kieltäydyit", "EXPIRED": "suostumus vanheni",
		"GRANT_WILDCARD":  "suostumus kaikkeen kerralla ei ole suostumus",
		"UNTRUSTED_GRANT": "se tuli lähteestä, joka ei saa kirjata suostumuksia",
		"FUTURE_GRANT":    "se on päivätty tulevaisuuteen", "NOTICE_OLD": "se koskee liian vanhaa tiedotetta",
		"NO_RECORD": "mitään ei ole kirjattu",
		"TC_REPLAY": "se on aiempi valinta, joka lähetettiin uudelleen kieltäytymisesi jälkeen",
	},
	tcReason: "TC-merkkijono ei anna suostumusta (%s)",
	purposes: map[string]string{
		"measure": "tilastot", "profile": "mainosten ja sisällön valinta käyntiesi perusteella",
		"link": "käyntiesi yhdistäminen asiakkuuteesi ja laitteisiisi", "partner_data": "käynnit kumppanien sivustoilla",
		"*": "kaikki", "activate:*": "kertominen mille tahansa alustalle",
	},
	activate: "kertominen: %s",
	outcomes: map[segments.Outcome]string{
		segments.In: "mukana", segments.Control: "vertailuryhmässä, ei luovuteta",
		segments.Undecided: "ei tiedossa, tietoja puuttuu", segments.Wait: "ei vielä ratkaistu",
		segments.Capped:   "ei mukana, muut menivät edelle",
		segments.Withheld: "mukana, mutta lista on liian pieni luovutettavaksi",
	},
}
