package klient

import (
	"io"
	"net/http"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/webhook"
)

// maksPushkald is how many bytes a push call may have: more than any that MOX makes.
const maksPushkald = 8 << 20

// VerificerPush reads a call that MOX makes to a push abonnement, and tells whether it is from MOX: signed by Standard Webhooks
// with one of the secrets ("whsec_…", as mox abonnement opret showed it; two while it is being changed), and at most five minutes
// from this machine's clock. id is the idempotency key: one that has been done before is answered with 200 without doing it again.
// krop is the body as it came: see [oio.UnmarshalCloudEvent] and [oio.FraCloudEventHeaders].
//
// [mox.KodeIkkeLoggetInd] is to be answered with 401 and its body not used, [mox.KodeForStor] with 413. [mox.KodeUgyldig] for a
// secret that is none.
func VerificerPush(r *http.Request, hemmeligheder ...string) (id string, krop []byte, err error) {
	var noegler [][]byte
	for _, h := range hemmeligheder {
		n, err := webhook.LaesHemmelighed(h)
		if err != nil {
			return "", nil, err
		}
		noegler = append(noegler, n)
	}
	krop, err = io.ReadAll(io.LimitReader(r.Body, maksPushkald+1))
	switch {
	case err != nil:
		return "", nil, err
	case len(krop) > maksPushkald:
		return "", nil, mox.E("push", mox.KodeForStor, "kaldet er på mere end %d MB", maksPushkald>>20)
	}
	if err := webhook.Kontroller(r.Header, time.Now(), krop, noegler); err != nil {
		return "", nil, err
	}
	return r.Header.Get(webhook.HeaderID), krop, nil
}
