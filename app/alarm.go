package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/alarm"
	"github.com/moxkit/mox/carrier/push"
)

// aabnAlarm makes the watch.
func (a *App) aabnAlarm(context.Context) error {
	o, err := a.config.alarmOptions()
	if err != nil {
		return err
	}
	o.Fejlende, o.Log = a.fejlende, a.log
	a.alarm = alarm.New(a.distributor, o)
	a.gruppe.Add("alarmer", a.alarm.Run)
	return nil
}

// maegleren is how long the broker may be away before somebody is told.
const maegleren = time.Minute

// fejlende are the parts of this process that do not do their work.
func (a *App) fejlende() map[string]error {
	ud := a.gruppe.Failing()
	if a.amqp != nil {
		if s := a.amqp.Stand(); !s.Forbundet && time.Since(s.Siden) > maegleren {
			ud["amqp"] = fmt.Errorf("beskedmægleren kan ikke nås: %s", s.Fejl)
		}
	}
	if a.kombit != nil {
		if s := a.kombit.Stand(); !s.Forbundet && time.Since(s.Siden) > maegleren {
			ud["kombit"] = fmt.Errorf("den nationale beskedfordeler kan ikke bruges: %s", s.Fejl)
		}
	}
	return ud
}

func (c *Config) alarmOptions() (o alarm.Options, err error) {
	x := c.Alarmer
	o = alarm.Options{Graenser: alarm.StandardGraenser(), Adresse: x.Adresse, Certifikater: c.alleCertifikater()}
	if x.Forsoeg != nil {
		o.Graenser.Forsoeg = max(0, *x.Forsoeg)
	}
	for navn, v := range map[string]struct {
		tekst string
		til   *time.Duration
	}{"gentag": {x.Gentag, &o.Gentag}, "aeldste": {x.Aeldste, &o.Graenser.Aeldste}, "pause": {x.Pause, &o.Graenser.Pause}, "venter": {x.Venter, &o.Graenser.Venter},
		"stille": {x.Stille, &o.Graenser.Stille}, "certifikat": {x.Certifikat, &o.Graenser.Certifikat}} {
		if v.tekst == "" {
			continue
		}
		d, err := time.ParseDuration(v.tekst)
		if err != nil || d < 0 {
			return o, mox.E("config", mox.KodeUgyldig, "alarmer.%s er ikke en tid: %q", navn, v.tekst).Med("skriv fx 15m eller 72h; 0 slår reglen fra")
		}
		*v.til = d
	}
	if o.Mail, err = c.alarmMail(); err != nil {
		return o, err
	}
	o.Webhook, err = c.alarmWebhook()
	return o, err
}

func (c *Config) alarmMail() (*alarm.Mail, error) {
	x := c.Alarmer.Mail
	if x == nil {
		return nil, nil
	}
	m := &alarm.Mail{Server: x.Server, Fra: x.Fra, Til: x.Til, Bruger: x.Bruger, TLS: cmp.Or(x.TLS, "starttls")}
	var err error
	if m.Kodeord, err = c.hemmelighed("alarmer.mail.kodeord", x.Kodeord); err != nil {
		return nil, err
	}
	return m, m.Tjek()
}

func (c *Config) alarmWebhook() (*alarm.Webhook, error) {
	x := c.Alarmer.Webhook
	if x == nil {
		return nil, nil
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, mox.E("config", mox.KodeUgyldig, "alarmer.webhook.url er ikke en http(s)-adresse").Med("ret mox.yaml")
	}
	if u.Scheme == "http" && kunLoopback(u.Host) != nil && kunLoopback(u.Host+":80") != nil {
		return nil, mox.E("config", mox.KodeIkkeTilladt, "alarmer.webhook.url er ukrypteret og ikke på denne maskine").Med("brug https://")
	}
	w := &alarm.Webhook{URL: x.URL, Klient: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if x.Hemmelighed != "" {
		b, err := os.ReadFile(c.sti(x.Hemmelighed))
		if err != nil {
			return nil, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", c.sti(x.Hemmelighed), aarsag(err)).Med("ret alarmer.webhook.hemmelighed i mox.yaml")
		}
		if w.Hemmelighed, err = push.LaesHemmelighed(string(b)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// alleCertifikater are the configuration's PEM files, by what they are for.
func (c *Config) alleCertifikater() map[string]string {
	ud := map[string]string{}
	for navn, fil := range map[string]string{"fjern.listen": c.Fjern.Certifikat, "amqp": c.AMQP.Certifikat, "amqp.ca": c.AMQP.CA, "kombit": c.KOMBIT.Certifikat, "kombit.ca": c.KOMBIT.CA, "push": c.Push.Certifikat, "push.ca": c.Push.CA} {
		if fil != "" {
			ud[navn] = c.sti(fil)
		}
	}
	return ud
}
