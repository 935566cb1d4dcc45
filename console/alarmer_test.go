package console

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/moxkit/mox/distributor"
)

func alarmsti(id int64) string { return fmt.Sprintf("/alarmer/%d/kvitter", id) }

// TestAlarmerneStaarOgKvitteres: what stands with where it is, who was told and what to do; what has ended; and a reason.
func TestAlarmerneStaarOgKvitteres(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	a := h.fyld()
	krop := h.side("/alarmer")
	h.har(krop, "1 besked til esdh.sager venter bag 2", `href="/fejl?abonnement=esdh.sager"`, "fortalt til mail vagt@kommune.example", "ret, gensend eller luk det", "ingen har taget den",
		"kilden byggesag/sager er ikke blevet læst", "Jeg tager mig af den")
	h.har(h.side("/"), `href="/alarmer">1 alarm står</a>`)

	s := h.post("/alarmer", alarmsti(a.alarm), map[string]string{"begrundelse": "  "})
	if s.status != http.StatusBadRequest {
		t.Errorf("%d", s.status)
	}
	h.har(s.krop, "Skriv en begrundelse", "<details open>")
	s = h.post("/alarmer", alarmsti(a.alarm), map[string]string{"begrundelse": "leverandøren er på sagen"})
	if s.status != http.StatusSeeOther || s.hoved.Get("Location") != "/alarmer?gjort=kvitter" {
		t.Errorf("%d %s", s.status, s.hoved.Get("Location"))
	}
	krop = h.side("/alarmer?gjort=kvitter")
	h.har(krop, "Kvitteret. MOX fortæller ikke om den igen", "Kirsten Drift", "leverandøren er på sagen")
	h.harIkke(krop, "Jeg tager mig af den", "ingen har taget den")
	if l := h.handlinger(fmt.Sprintf("alarm %d", a.alarm)); len(l) != 1 || l[0].Hvad != "kvitter" || l[0].Hvem != "Kirsten Drift" {
		t.Errorf("%+v", l)
	}
	for sti, vil := range map[string]int{alarmsti(a.alarm + 1): http.StatusNotFound, "/alarmer/x/kvitter": http.StatusNotFound} {
		if s := h.post("/alarmer", sti, map[string]string{"begrundelse": "x"}); s.status != vil {
			t.Errorf("%s: %d", sti, s.status)
		}
	}
}

// TestUdenFejlMenMedAlarm: the front page does not say that all is well.
func TestUdenFejlMenMedAlarm(t *testing.T) {
	t.Parallel()
	h := nytHus(t)
	h.har(h.side("/"), "Alt er vel", `href="/alarmer">Ingen alarmer</a>`)
	id := h.alarmer()
	krop := h.side("/")
	h.har(krop, "1 alarm står", "status-kritisk", "Noget skal ses efter", `href="/alarmer">Gå til Alarmer</a>`)
	h.harIkke(krop, "Alt er vel")
	h.maa(h.d.KvitterAlarm(t.Context(), id, distributor.Hvem{Navn: "Inge", Begrundelse: "x"}))
	h.har(h.side("/"), "status-advarsel", "1 alarm står", "Nogen har kvitteret og tager sig af det")
}

// TestHvemDerKunMaaLaeseFaarIngenFormular to take an alarm over.
func TestHvemDerKunMaaLaeseFaarIngenFormular(t *testing.T) {
	t.Parallel()
	h := nytHus(t, func(o *Options) { o.MaaHandle = func(*http.Request) bool { return false } })
	h.alarmer()
	krop := h.side("/alarmer")
	h.har(krop, "1 besked til esdh.sager venter bag 2")
	h.harIkke(krop, "Jeg tager mig af den", "kvitter\"")
}
