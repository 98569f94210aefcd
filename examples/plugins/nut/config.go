package nut

// Config is one NUT server.
type Config struct {
	Address  string `name:"address" required:"true" format:"address" example:"ups.example.com:3493" help:"Address of upsd as host:port."`
	Loopback bool   `name:"allow_loopback" default:"false" help:"Lets the plugin ask upsd on the server's own machine."`
}
