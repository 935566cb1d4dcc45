package amqp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/moxkit/mox"
)

// kaldFrist is how long the token service, or the error queue, may take to answer.
const kaldFrist = 10 * time.Second

// Tokentjeneste is where MOX gets the token that it shows the national Beskedfordeler: OAuth 2.0 client credentials.
type Tokentjeneste struct {
	URL         string
	Klient      string
	Hemmelighed string
}

// tokens holds the token in use, and fetches another ten seconds before it runs out, or when it has been refused.
type tokens struct {
	config clientcredentials.Config
	http   *http.Client
	mu     sync.Mutex
	token  *oauth2.Token
}

func nyeTokens(t Tokentjeneste, h *http.Client) *tokens {
	return &tokens{config: clientcredentials.Config{ClientID: t.Klient, ClientSecret: t.Hemmelighed, TokenURL: t.URL}, http: h}
}

// hent gives a token that is good now. The error is an [*mox.Error] that never quotes what was sent.
func (t *tokens) hent(ctx context.Context) (string, error) {
	t.mu.Lock() // also while another fetches: one asks for all
	defer t.mu.Unlock()
	if t.token.Valid() {
		return t.token.AccessToken, nil
	}
	ctx, slut := context.WithTimeout(ctx, kaldFrist)
	defer slut()
	ny, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return "", tokenfejl(err)
	}
	t.token = ny
	return ny.AccessToken, nil
}

// glem drops a token that has been refused, unless it has been replaced meanwhile.
func (t *tokens) glem(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
}

// oauthKode is what the word in a refusal may look like: the service's own texts may repeat what it was sent.
var oauthKode = regexp.MustCompile(`^[a-z_]{1,40}$`)

func tokenfejl(err error) error {
	var afvist *oauth2.RetrieveError
	var net *url.Error
	switch {
	case errors.As(err, &afvist) && afvist.Response != nil && afvist.Response.StatusCode < 500:
		kode := afvist.ErrorCode
		if !oauthKode.MatchString(kode) {
			kode = "uden grund"
		}
		return mox.E("kombit.token", mox.KodeIkkeTilladt, "tokentjenesten afviser MOX: svar %d, %s", afvist.Response.StatusCode, kode).
			Med("kontroller kombit.token i mox.yaml, og om certifikatet eller hemmeligheden er udløbet")
	case errors.As(err, &afvist) && afvist.Response != nil:
		return mox.E("kombit.token", mox.KodeUtilgaengelig, "tokentjenesten svarer %d", afvist.Response.StatusCode).Med("MOX prøver igen af sig selv")
	case errors.As(err, &net):
		return mox.E("kombit.token", mox.KodeUtilgaengelig, "tokentjenesten kan ikke nås: %v", net.Err).Med("kontroller kombit.token.url i mox.yaml; MOX prøver igen af sig selv")
	}
	return mox.E("kombit.token", mox.KodeUtilgaengelig, "tokentjenesten svarer uden et token").Med("kontroller kombit.token.url i mox.yaml")
}

// tokenlogin is SASL EXTERNAL as KOMBIT uses it: the token is the answer. spec: mox 6.7
type tokenlogin string

// Mechanism is EXTERNAL.
func (tokenlogin) Mechanism() string { return (&amqp.ExternalAuth{}).Mechanism() }

// Response is the token.
func (t tokenlogin) Response() string { return string(t) }
