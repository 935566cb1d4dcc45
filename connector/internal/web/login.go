package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/moxkit/mox/connector"
)

// login puts our identity on requests.
type login interface {
	apply(ctx context.Context, r *http.Request) error
	// renew is told that the system answered 401 to a request with this Authorization, and reports whether another attempt may
	// fare better: it would have another.
	renew(refused string) bool
}

func newLogin(a connector.Auth, env connector.Env, client *http.Client) (login, error) {
	switch {
	case a.Basic != nil:
		password, err := newSecret(a.Basic.Kodeord, env)
		return basic{a.Basic.Bruger, password}, err
	case a.Bearer != nil:
		token, err := newSecret(a.Bearer.Token, env)
		return bearer{token}, err
	case a.OAuth2 != nil:
		secret, err := newSecret(a.OAuth2.ClientSecret, env)
		return newTokens(*a.OAuth2, secret, client), err
	}
	return anonymous{}, nil
}

// secret is one that may be replaced while we run: the file that it is in is written anew.
type secret struct {
	read func() (string, error)
	text atomic.Pointer[string]
}

func newSecret(ref string, env connector.Env) (*secret, error) {
	s := &secret{read: func() (string, error) { return env.Resolve(ref) }}
	text, err := s.read()
	s.text.Store(&text)
	return s, err
}

// renew reads the secret again, and gives it. One that cannot be read stays as it was. The same one is not to be tried again: it
// would be refused again, and a user may be locked out for that.
func (s *secret) renew() string {
	if text, err := s.read(); err == nil {
		s.text.Store(&text)
	}
	return *s.text.Load()
}

type anonymous struct{}

func (anonymous) apply(context.Context, *http.Request) error { return nil }
func (anonymous) renew(string) bool                          { return false }

type basic struct {
	user string
	*secret
}

func (b basic) apply(_ context.Context, r *http.Request) error {
	r.SetBasicAuth(b.user, *b.text.Load())
	return nil
}

func (b basic) renew(refused string) bool {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(b.user, b.secret.renew())
	return r.Header.Get("Authorization") != refused
}

type bearer struct{ *secret }

func (b bearer) apply(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+*b.text.Load())
	return nil
}

func (b bearer) renew(refused string) bool { return "Bearer "+b.secret.renew() != refused }

// Tokens fetches a token with the client credentials grant, and keeps it until it runs out or is refused.
type Tokens struct {
	config clientcredentials.Config // the secret is put in at each fetch
	secret *secret
	client *http.Client
	turn   chan *oauth2.Token // holds the token; who has taken it may fetch another
}

// NewTokens is for logins at other places than HTTP. Its calls take at most timeout.
func NewTokens(o connector.OAuth2, env connector.Env, timeout time.Duration) (*Tokens, error) {
	secret, err := newSecret(o.ClientSecret, env)
	if err != nil {
		return nil, err
	}
	return newTokens(o, secret, &http.Client{Transport: transport(nil, timeout), Timeout: timeout}), nil
}

func newTokens(o connector.OAuth2, secret *secret, client *http.Client) *Tokens {
	c := clientcredentials.Config{ClientID: o.ClientID, TokenURL: o.TokenURL, Scopes: o.Scopes}
	turn := make(chan *oauth2.Token, 1)
	turn <- nil
	return &Tokens{config: c, secret: secret, client: client, turn: turn}
}

func (o *Tokens) apply(ctx context.Context, r *http.Request) error {
	token, err := o.token(ctx)
	if err != nil {
		return err
	}
	token.SetAuthHeader(r)
	return nil
}

// Get gives a token that is valid as far as is known.
func (o *Tokens) Get(ctx context.Context) (string, error) {
	token, err := o.token(ctx)
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}

// Forget has the next one be fetched anew: this one was refused.
func (o *Tokens) Forget() { o.forget(func(*oauth2.Token) bool { return true }) }

func (o *Tokens) token(ctx context.Context) (token *oauth2.Token, err error) {
	select {
	case token = <-o.turn:
	case <-ctx.Done():
		return nil, &connector.Error{Op: "hent adgangsnøgle", Err: ctx.Err(), Temporary: true}
	}
	defer func() { o.turn <- token }()
	if !token.Valid() {
		fresh, err := o.fetch(ctx)
		if _, refused := errors.AsType[*oauth2.RetrieveError](err); refused && o.secret.renew() != o.config.ClientSecret {
			fresh, err = o.fetch(ctx)
		}
		if err != nil {
			return nil, tokenError(ctx, err)
		}
		token = fresh
	}
	return token, nil
}

// fetch is for who has taken the token.
func (o *Tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	o.config.ClientSecret = *o.secret.text.Load()
	return o.config.Token(context.WithValue(ctx, oauth2.HTTPClient, o.client))
}

// renew forgets the token that was refused, unless another call has, or is just fetching one.
func (o *Tokens) renew(refused string) bool {
	o.forget(func(token *oauth2.Token) bool { return token.Type()+" "+token.AccessToken == refused })
	return true
}

func (o *Tokens) forget(refused func(*oauth2.Token) bool) {
	select {
	case token := <-o.turn:
		if token != nil && refused(token) {
			token = nil
		}
		o.turn <- token
	default:
	}
}

var oauthCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// tokenError says why there is no token, without the server's own words: they may repeat what we sent.
func tokenError(ctx context.Context, err error) error {
	e := &connector.Error{Op: "hent adgangsnøgle", Temporary: true}
	var refused *oauth2.RetrieveError
	var network *url.Error
	switch {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &refused):
		text := fmt.Sprintf("login-tjenesten svarede %d", refused.Response.StatusCode)
		if oauthCode.MatchString(refused.ErrorCode) {
			text += " " + refused.ErrorCode
		}
		e.Err = errors.New(text + "; kontroller token_url, client_id, client_secret og scopes")
		e.Temporary = refused.Response.StatusCode >= 500 || refused.Response.StatusCode == http.StatusTooManyRequests
	case errors.As(err, &network):
		e.Err = network.Err
	default:
		e.Err = errors.New("login-tjenesten gav et svar uden access_token; kontroller token_url")
	}
	return e
}

// header is one configured header.
type header struct {
	name   string
	secret string // the value when it is a secret
	text   connector.Template
}

func newHeaders(configured map[string]string, env connector.Env) ([]header, error) {
	var headers []header
	for name, value := range configured {
		h := header{name: http.CanonicalHeaderKey(name)}
		var err error
		if connector.IsSecretRef(value) {
			h.secret, err = env.Resolve(value)
		} else {
			h.text, err = connector.ParseTemplate(value)
		}
		if err != nil {
			return nil, fmt.Errorf("headers.%s: %w", name, err)
		}
		headers = append(headers, h)
	}
	slices.SortFunc(headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	return headers, nil
}

func (h header) value(vars connector.Vars) (string, error) {
	if h.secret != "" {
		return h.secret, nil
	}
	value, err := h.text.Expand(vars, HeaderValue)
	if err != nil {
		err = &connector.Error{Op: "header " + h.name, Err: err}
	}
	return value, err
}

// HeaderValue refuses what would end a header early, and what it cannot hold.
func HeaderValue(_, value string) (string, error) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", errors.New("en header kan kun have tegn fra ASCII")
	}
	return value, nil
}
