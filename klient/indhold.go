package klient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/oio"
)

// GemIndhold stores document bytes durably and gives their SHA-256 in hex: a registrering refers to them by [oio.IndholdURN] and
// that. It sees to it that what was stored is what was read. The same bytes may be stored again. [mox.KodeForStor] over 256 MiB.
func (k *Klient) GemIndhold(ctx context.Context, r io.Reader) (sha string, err error) {
	sum := sha256.New()
	resp, err := k.send(ctx, http.MethodPost, "/indhold", egetIndhold{io.TeeReader(r, sum)}, "application/octet-stream",
		http.Header{"Expect": {"100-continue"}}) // a refusal comes before the bytes
	if err != nil {
		return "", err
	}
	defer luk(resp.Body)
	var svar wire.Indholdsvar
	if err := laesSvar(resp, &svar); err != nil {
		return "", err
	}
	sha = hex.EncodeToString(sum.Sum(nil))
	if svar.URN != oio.IndholdURN+sha {
		return "", utilgaengelig("det gemte indhold er ikke det, der blev sendt", nil)
	}
	return sha, nil
}

// egetIndhold is bytes of the caller's. It hides a Close, which is the caller's to call, and tells a fault in reading them
// from one in reaching MOX.
type egetIndhold struct{ r io.Reader }

type laesefejl struct{ error }

func (e egetIndhold) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF {
		err = laesefejl{err}
	}
	return n, err
}

// HentIndhold gives the document bytes with that SHA-256 in hex, which a besked that the abonnement has been given refers to
// ([oio.Indholdshenvisninger]); the caller closes. [mox.KodeIkkeTilladt] when no besked does. The last Read gives an error instead
// of [io.EOF] when the bytes are not those of the SHA-256, so do not use them before. spec: mox 57
func (k *Klient) HentIndhold(ctx context.Context, abonnement mox.AbonnementID, sha string) (io.ReadCloser, error) {
	resp, err := k.send(ctx, http.MethodGet, "/indhold/"+url.PathEscape(sha), nil, "", http.Header{wire.AbonnementHeader: {string(abonnement)}})
	if err != nil {
		return nil, err
	}
	return &kontrolleret{resp.Body, sha256.New(), sha}, nil
}

// kontrolleret reads document bytes and tells at their end whether they are the ones that were asked for.
type kontrolleret struct {
	io.ReadCloser
	sum  hash.Hash
	skal string
}

func (k *kontrolleret) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.sum.Write(p[:n]) // documented never to fail
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case !errors.Is(err, io.EOF):
		err = utilgaengelig("indholdet kom ikke helt", err)
	case hex.EncodeToString(k.sum.Sum(nil)) != k.skal:
		err = utilgaengelig("indholdet er ikke det, der blev bedt om", nil)
	}
	return n, err
}
