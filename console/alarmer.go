package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// alarmside is what stands, and the latest that have ended.
type alarmside struct {
	Staar    []alarmrad
	Sluttede []store.Alarm
	Kvitter  bool // whoever looks may take one over
}

// alarmrad is one that stands, with what was typed about it.
type alarmrad struct {
	store.Alarm
	Begrundelse string
	Fejl        string // what is wrong with it
}

// Sted is the page about what it is about; "" = this one.
func (a alarmrad) Sted() string {
	if s := lokalSti(a.Sti); s != "/alarmer" {
		return s
	}
	return ""
}

// Varede is how long an alarm stood.
func varede(a store.Alarm) time.Duration { return a.Sluttet.Sub(a.Begyndt).Truncate(time.Second) }

func (c *console) alarmer(w http.ResponseWriter, r *http.Request) error {
	return c.visAlarmer(w, r, 0, nil)
}

// visAlarmer shows the page; aarsag is why the one with id could not be taken over just now.
func (c *console) visAlarmer(w http.ResponseWriter, r *http.Request, id int64, aarsag error) error {
	staar, sluttede, err := c.D.Alarmer(r.Context())
	if err != nil {
		return err
	}
	var u *uheld
	if aarsag != nil {
		u = c.uheld(r, aarsag)
	}
	d := alarmside{Sluttede: sluttede, Kvitter: c.MaaHandle(r)}
	for _, a := range staar {
		rad := alarmrad{Alarm: a}
		if a.ID == id {
			rad.Begrundelse, rad.Fejl = begrundelse(r), u.Ved("begrundelse")
		}
		d.Staar = append(d.Staar, rad)
	}
	s := c.sprog[vaelg(r)]
	return c.vis(w, r, "alarmer", side{Titel: s.t("alarmer.titel"), Nav: "alarmer", Live: "/alarmer?del=1", Tilbage: "/alarmer", Uheld: u, D: d})
}

// kvitterAlarm takes an alarm over, with a reason.
func (c *console) kvitterAlarm(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return mox.E("alarm", mox.KodeIkkeFundet, "alarmens nummer er et tal")
	}
	if err = kraevBegrundelse(r); err == nil {
		err = c.D.KvitterAlarm(r.Context(), id, c.hvem(r))
	}
	if err != nil {
		return c.visAlarmer(w, r, id, err)
	}
	c.stand.glem()
	http.Redirect(w, r, "/alarmer?gjort=kvitter", http.StatusSeeOther)
	return nil
}
