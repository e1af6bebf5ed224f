package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config"
)

// MarshalJSON writes the configuration in the form of its file, with every value that is in
// effect, given or by default; of policies only the one in use. Load takes it back.
func (c Config) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	writeValue(&out, reflect.ValueOf(c))
	return out.Bytes(), nil
}

// writeValue writes a value of the file. What is absent has been left out by writeStruct.
func writeValue(out *bytes.Buffer, v reflect.Value) {
	switch x := v.Interface().(type) {
	case config.Pool:
		writeSettings(out, x.Settings())
		return
	case time.Duration:
		writePlain(out, x.String())
		return
	case fmt.Stringer:
		writePlain(out, x.String())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		writeValue(out, v.Elem())
	case reflect.Struct:
		writeStruct(out, v)
	case reflect.Slice:
		out.WriteByte('[')
		for i := range v.Len() {
			comma(out, i)
			writeValue(out, v.Index(i))
		}
		out.WriteByte(']')
	default:
		writePlain(out, v.Interface())
	}
}

// writeStruct writes the keys of a struct in its order. What is empty is absent from a file.
func writeStruct(out *bytes.Buffer, v reflect.Value) {
	out.WriteByte('{')
	written := 0
	for i := range v.NumField() {
		key, f := v.Type().Field(i).Tag.Get("yaml"), v.Field(i)
		empty := f.IsZero() && (f.Kind() == reflect.Pointer || f.Kind() == reflect.String)
		if key == "" || empty || f.Kind() == reflect.Slice && f.Len() == 0 {
			continue
		}
		comma(out, written)
		written++
		writePlain(out, key)
		out.WriteByte(':')
		writeValue(out, f)
	}
	out.WriteByte('}')
}

// writeSettings writes values by path, in the order of the block, as nested mappings.
func writeSettings(out *bytes.Buffer, settings []config.Setting) {
	out.WriteByte('{')
	for i := 0; i < len(settings); {
		comma(out, i)
		key, _, nested := strings.Cut(settings[i].Path, ".")
		writePlain(out, key)
		out.WriteByte(':')
		if !nested {
			writeSetting(out, settings[i].Value)
			i++
			continue
		}
		var within []config.Setting
		for ; i < len(settings) && strings.HasPrefix(settings[i].Path, key+"."); i++ {
			within = append(within, config.Setting{Path: settings[i].Path[len(key)+1:], Value: settings[i].Value})
		}
		writeSettings(out, within)
	}
	out.WriteByte('}')
}

// writeSetting writes a value that is given as text: numbers and booleans are not quoted.
func writeSetting(out *bytes.Buffer, text string) {
	if json.Valid([]byte(text)) {
		out.WriteString(text)
		return
	}
	writePlain(out, text)
}

func writePlain(out *bytes.Buffer, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("serve: a value cannot be written: " + err.Error())
	}
	out.Write(text)
}

// comma separates the i-th element from those before it.
func comma(out *bytes.Buffer, i int) {
	if i > 0 {
		out.WriteByte(',')
	}
}
