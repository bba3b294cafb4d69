package why

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// grants names what let in the rows that conditions of the use want, and of each event in evidence which of it.
func (q *inquiry) grants(u *AnswerUse, wanted []decide.Sight,
	granted func(s decide.Sight, use int) decide.Granted,
) error {
	var named []decide.Grant
	var joined []decide.Granted
	by, login := map[decide.Place][]int{}, map[decide.Place]*int{}
	for _, s := range wanted {
		if len(s.Wanted[u.number]) == 0 {
			continue
		}
		of := granted(s, u.number)
		for _, g := range of.Grants {
			i := slices.Index(named, g)
			if i < 0 {
				i, named, u.Granted = len(named), append(named, g), append(u.Granted, grantOf(g))
			}
			u.Granted[i].Rows++
			by[s.Place] = append(by[s.Place], i)
		}
		if of.Login == 0 {
			continue
		}
		i := slices.IndexFunc(joined, func(o decide.Granted) bool { return o.Device == of.Device && o.Login == of.Login })
		if i < 0 {
			keyed, err := subject.Keyed(q.job.Keys, identity.Device, of.Device)
			if err != nil {
				return err
			}
			i, joined = len(joined), append(joined, of)
			u.Joined = append(u.Joined, AnswerLogin{Device: keyed, Login: Instant(of.Login)})
		}
		u.Joined[i].Rows++
		login[s.Place] = &i
	}
	for i := range u.Conditions {
		for k := range u.Conditions[i].Evidence {
			e := &u.Conditions[i].Evidence[k]
			e.Granted, e.Joined = by[e.place], login[e.place]
		}
	}
	return nil
}

// grantOf is a grant as it is told: of somebody else without what would name her.
func grantOf(g decide.Grant) AnswerGrant {
	e := subject.EventOf(&g.Said)
	if !g.Own {
		e.ID, e.Evidence = "", ""
	}
	return AnswerGrant{Purpose: g.Purpose, Level: g.Level, Event: e}
}
