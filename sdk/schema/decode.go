package schema

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"

	"github.com/go-viper/mapstructure/v2"

	"github.com/pulse-platform/pulse/sdk"
)

// Validator is a config struct with rules that tags cannot say, for example that two keys exclude each other.
// It runs on a configuration that passed all other checks; messages must not hold secrets.
type Validator interface {
	Validate() []sdk.Diagnostic
}

// Decode reads a JSON object into the config struct C: strictly, with defaults and all checks. The result may be used
// when no diagnostic is an error.
func Decode[C any](config json.RawMessage) (C, []sdk.Diagnostic) {
	var out C
	s, err := Of[C]()
	if err != nil {
		return out, []sdk.Diagnostic{fault("", "Invalid config struct", sentence(err))}
	}
	values, diags := s.complete(config)
	if len(diags) > 0 {
		return out, diags
	}
	if diags := decodeInto(&out, values); len(diags) > 0 {
		var zero C
		return zero, diags
	}
	if v, ok := any(&out).(Validator); ok {
		diags = v.Validate()
	}
	return out, diags
}

// decodeInto maps checked values to a struct. What fails here slipped through the checks, so the message names the key
// and nothing else.
func decodeInto(out any, values map[string]any) []sdk.Diagnostic {
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:      out,
		TagName:     "name",
		ErrorUnused: true,
		Squash:      true,
		MatchName:   func(key, field string) bool { return key == field },
		DecodeHook:  mapstructure.DecodeHookFuncType(decodeText),
	})
	if err == nil {
		err = d.Decode(values)
	}
	if err == nil {
		return nil
	}
	var at *mapstructure.DecodeError
	path := ""
	if errors.As(err, &at) {
		path = at.Name()
	}
	return []sdk.Diagnostic{fault(path, "Invalid value", "The value does not fit the key.")}
}

// decodeText turns texts into the types that have a written form of their own.
func decodeText(from, to reflect.Type, v any) (any, error) {
	text, ok := v.(string)
	if !ok || from.Kind() != reflect.String {
		return v, nil
	}
	switch to {
	case durationType:
		return ParseDuration(text)
	case prefixType:
		if text == "" {
			return netip.Prefix{}, nil
		}
		return ParsePrefix(text)
	case addrType:
		if text == "" {
			return netip.Addr{}, nil
		}
		return netip.ParseAddr(text)
	}
	return v, nil
}
