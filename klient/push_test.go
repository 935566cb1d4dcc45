package klient_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/webhook"
	"github.com/moxkit/mox/klient"
)

// What MOX has signed is taken, and nothing else.
func TestVerificerPush(t *testing.T) {
	t.Parallel()
	ny, gammel := webhook.NyHemmelighed(), webhook.NyHemmelighed()
	noegle, err := webhook.LaesHemmelighed(gammel)
	maa(t, err)
	kald := func(krop string, alder time.Duration) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/ind", strings.NewReader(krop))
		webhook.Underskriv(r.Header, "nr-1", time.Now().Add(-alder), []byte(krop), [][]byte{noegle})
		return r
	}
	afbrudt := kald("x", 0)
	afbrudt.Body = io.NopCloser(daarlig{})
	ombyttet := kald("x", 0)
	ombyttet.Body = io.NopCloser(strings.NewReader("y"))
	for navn, c := range map[string]struct {
		r             *http.Request
		hemmeligheder []string
		vil           mox.Kode
	}{
		"fra MOX":              {kald("x", 0), []string{gammel}, ""},
		"under skift":          {kald("x", 0), []string{ny, gammel}, ""},
		"uden krop":            {kald("", 0), []string{gammel}, ""},
		"en anden hemmelighed": {kald("x", 0), []string{ny}, mox.KodeIkkeLoggetInd},
		"ingen hemmelighed":    {kald("x", 0), nil, mox.KodeIkkeLoggetInd},
		"optaget":              {kald("x", time.Hour), []string{gammel}, mox.KodeIkkeLoggetInd},
		"ombyttet":             {ombyttet, []string{gammel}, mox.KodeIkkeLoggetInd},
		"for stort":            {kald(strings.Repeat("x", 8<<20+1), 0), []string{gammel}, mox.KodeForStor},
		"ikke en hemmelighed":  {kald("x", 0), []string{"hemmelig"}, mox.KodeUgyldig},
		"afbrudt":              {afbrudt, []string{gammel}, mox.KodeIntern},
	} {
		id, krop, err := klient.VerificerPush(c.r, c.hemmeligheder...)
		kode(t, err, c.vil)
		if c.vil == "" && (id != "nr-1" || len(krop) > 1) || c.vil != "" && (id != "" || krop != nil) {
			t.Errorf("%s: %q %q", navn, id, krop)
		}
	}
}

type daarlig struct{}

func (daarlig) Read([]byte) (int, error) { return 0, errors.New("forbindelsen blev brudt") }
