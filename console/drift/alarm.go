package drift

import (
	"net/http"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/store"
)

// Alarmer is what stands, the oldest first, and the latest that have ended.
type Alarmer struct {
	Staar    []store.Alarm `json:"staar"`
	Sluttede []store.Alarm `json:"sluttede"`
}

func (a *api) alarmer(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	staar, sluttede, err := a.D.Alarmer(r.Context())
	return Alarmer{append([]store.Alarm{}, staar...), append([]store.Alarm{}, sluttede...)}, err
}

func (a *api) kvitterAlarm(r *http.Request) (any, error) {
	id, h, err := a.begrundet(r)
	if err != nil {
		return nil, err
	}
	return nil, a.D.KvitterAlarm(r.Context(), id, h)
}

// Alarmproeve is how a trial alarm went, by way; "" is well.
type Alarmproeve struct {
	Sendt map[string]string `json:"sendt"`
}

func (a *api) proevAlarm(r *http.Request) (any, error) {
	var k struct{}
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	var ud map[string]string
	if a.ProevAlarm != nil {
		ud = a.ProevAlarm(r.Context())
	}
	if len(ud) == 0 {
		return nil, mox.E("alarm", mox.KodeUgyldig, "MOX har ingen at sende alarmer til").Med("skriv alarmer.mail eller alarmer.webhook i mox.yaml")
	}
	return Alarmproeve{ud}, nil
}
