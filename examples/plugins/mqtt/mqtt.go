// Package mqtt is a notifier that publishes messages to an MQTT broker, for home automation and the like. It is an
// example of a plugin that delivers: a broker in the configuration, a topic per channel, receipts that tell the server
// whether to try again.
package mqtt

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Config is one broker.
type Config struct {
	Broker   string         `name:"broker" target:"true" required:"true" format:"url" example:"mqtts://broker.example.com:8883" help:"Address of the broker: mqtt:// or mqtts:// with host and port."`
	Username string         `name:"username" help:"User name, when the broker asks for one."`
	Password sdk.Secret     `name:"password" help:"Password of the user."`
	ClientID string         `name:"client_id" default:"pulse" help:"Name by which the broker knows this client."`
	Allow    []netip.Prefix `name:"allow" help:"Private networks in which the broker may be." example:"192.168.0.0/16"`
	Timeout  time.Duration  `name:"timeout" default:"10s" min:"1s" max:"1m" help:"How long the broker may take."`
}

// Channel is where the messages of one channel go.
type Channel struct {
	Topic  string `name:"topic" required:"true" example:"pulse/alerts" help:"Topic to publish to; it may not hold + or #."`
	QoS    int    `name:"qos" default:"1" min:"0" max:"2" help:"Quality of service of MQTT."`
	Retain bool   `name:"retain" default:"false" help:"Lets the broker keep the last message for those who come later."`
}

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	channel, err := schema.Of[Channel]()
	if err != nil {
		panic(err) // a mistake in the tags above, found by the first test
	}
	return schema.Define(sdk.Description{
		Kind: "mqtt", Name: "MQTT", Summary: "Publishes messages to an MQTT broker.", Version: "0.1.0",
		Channels: []sdk.Channel{{Name: "mqtt", Label: "MQTT topic", Schema: channel.JSON()}},
	}, New)
}

// Notifier publishes to one broker.
type Notifier struct {
	cfg    Config
	broker *url.URL
	guard  netguard.Profile
}

var (
	_ sdk.Notifier  = (*Notifier)(nil)
	_ sdk.Previewer = (*Notifier)(nil)
)

// New returns a notifier. It connects for each message: messages are rare, and a connection that nobody looks after lies.
func New(cfg Config, _ sdk.Deps) (*Notifier, error) {
	broker, err := url.Parse(cfg.Broker)
	if err != nil || broker.Port() == "" || broker.Scheme != "mqtt" && broker.Scheme != "mqtts" {
		return nil, &sdk.Error{Kind: sdk.KindConfig, Field: "broker", Message: "The address begins with mqtt:// or mqtts:// and ends with a port."}
	}
	return &Notifier{cfg, broker, netguard.Profile{Use: netguard.Notification, AllowCIDRs: cfg.Allow, Timeout: cfg.Timeout}}, nil
}

// Send publishes one message. The receipt says whether another attempt makes sense.
func (n *Notifier) Send(ctx context.Context, m sdk.Message, channel json.RawMessage) ([]sdk.Receipt, error) {
	ch, diags := schema.Decode[Channel](channel)
	if err := schema.Failure(diags); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timeout)
	defer cancel()
	receipt := sdk.Receipt{Target: ch.Topic, OK: true}
	if err := n.publish(ctx, ch, render(m)); err != nil {
		receipt.OK, receipt.Excerpt = false, err.Error()
		receipt.Permanent = errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword) || errors.Is(err, packets.ErrorRefusedNotAuthorised)
	}
	return []sdk.Receipt{receipt}, nil
}

// Preview shows what would be published.
func (n *Notifier) Preview(_ context.Context, m sdk.Message, channel json.RawMessage) (sdk.Preview, error) {
	ch, diags := schema.Decode[Channel](channel)
	if err := schema.Failure(diags); err != nil {
		return sdk.Preview{}, err
	}
	return sdk.Preview{Method: "PUBLISH", Target: n.broker.Host + " " + ch.Topic, MediaType: "application/json", Body: render(m)}, nil
}

// payload is what subscribers read.
type payload struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Severity string            `json:"severity"`
	Title    string            `json:"title"`
	Text     string            `json:"text,omitempty"`
	URL      string            `json:"url,omitempty"`
	Time     time.Time         `json:"time"`
	Labels   map[string]string `json:"labels,omitempty"`
}

func render(m sdk.Message) []byte {
	b, err := json.Marshal(payload{m.ID, m.Kind, string(m.Severity), m.Title, m.Text, m.URL, m.Time.UTC(), m.Labels})
	if err != nil {
		panic(err) // texts and a time: it cannot fail
	}
	return b
}

func (n *Notifier) publish(ctx context.Context, ch Channel, body []byte) error {
	o := paho.NewClientOptions().AddBroker(n.broker.String()).SetClientID(n.cfg.ClientID).SetAutoReconnect(false).
		SetConnectTimeout(n.cfg.Timeout).SetUsername(n.cfg.Username).SetPassword(n.cfg.Password.Reveal()).
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) { return n.dial(ctx) })
	client := paho.NewClient(o)
	defer client.Disconnect(250)
	if err := wait(ctx, client.Connect()); err != nil {
		return fmt.Errorf("connect to the broker: %w", err)
	}
	if err := wait(ctx, client.Publish(ch.Topic, byte(ch.QoS), ch.Retain, body)); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// dial connects through the guard, so that a broker's name cannot lead where the operator did not allow.
func (n *Notifier) dial(ctx context.Context) (net.Conn, error) {
	conn, err := n.guard.Dial(ctx, "tcp", n.broker.Host)
	if err != nil || n.broker.Scheme == "mqtt" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: n.broker.Hostname()})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func wait(ctx context.Context, t paho.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}
