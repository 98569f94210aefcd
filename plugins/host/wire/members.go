package wire

import (
	"strings"
	"time"
)

// decodePlain reads a report that is as agents write it, and reports whether it was one.
func decodePlain(body []byte) (*Report, bool) {
	r := &reader{text: body}
	if r.next() != '{' {
		return nil, false
	}
	var report Report
	r.report(&report)
	return &report, !r.odd
}

func (r *reader) report(into *Report) {
	r.object(func(name []byte) {
		switch string(name) {
		case "agent":
			r.agent(&into.Agent)
		case "host":
			r.host(&into.Host)
		case "metrics":
			r.metrics(&into.Metrics)
		case "disks":
			list(r, &into.Disks, r.disk)
		case "diskIO":
			list(r, &into.DiskIO, r.diskIO)
		case "network":
			list(r, &into.Network, r.network)
		case "sensors":
			r.sensors(&into.Sensors)
		case "raid":
			list(r, &into.RAID, r.array)
		case "zfsPools":
			rare(r, &into.Pools)
		case "ceph":
			r.odd = r.odd || into.Ceph != nil
			r.value(&into.Ceph)
		case "tags":
			list(r, &into.Tags, r.string)
		case "timestamp":
			r.time(&into.Timestamp)
		case "sequenceId":
			r.string(&into.SequenceID)
		default:
			r.unknown(name)
		}
	})
}

// rare reads a list that few hosts have.
func rare[T any](r *reader, into *[]T) {
	r.odd = r.odd || *into != nil
	r.value(into)
}

// unknown skips a member, unless encoding/json would know its name in other letters.
func (r *reader) unknown(name []byte) {
	r.odd = r.odd || names[strings.ToLower(string(name))]
	r.skip(maxSkipped)
}

// names are those of the members of all objects, in small letters.
var names = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`agent host metrics disks diskio network sensors raid zfspools ceph tags timestamp sequenceid
		id version type intervalseconds hostname updatedfrom commandsenabled diskexclude
		displayname machineid platform osname osversion kernelversion architecture cpumodel cpucount uptimeseconds loadaverage reportip
		cpuusagepercent memory totalbytes usedbytes freebytes usage swaptotalbytes swapusedbytes
		device mountpoint filesystem readbytes writebytes readops writeops readtimems writetimems iotimems
		name mac addresses rxbytes txbytes speedmbps kind temperaturecelsius fanrpm powerwatts additional smart
		model serial wwn temperature health standby attributes readat poweronhours powercycles reallocatedsectors pendingsectors
		name level state totaldevices activedevices workingdevices faileddevices sparedevices uuid devices rebuildpercent rebuildspeed slot
		offlineuncorrectable udmacrcerrors percentageused availablespare mediaerrors unsafeshutdowns`) {
		all[name] = true
	}
	return all
}()

func (r *reader) time(into *time.Time) {
	if r.null() {
		return
	}
	r.next()
	before := r.at
	if r.quoted(); r.odd || into.UnmarshalJSON(r.text[before:r.at]) != nil {
		r.odd = true
	}
}

func (r *reader) agent(into *Agent) {
	r.object(func(name []byte) {
		switch string(name) {
		case "id":
			r.string(&into.ID)
		case "version":
			r.string(&into.Version)
		case "type":
			r.string(&into.Type)
		case "intervalSeconds":
			r.small(&into.IntervalSeconds)
		case "hostname":
			r.string(&into.Hostname)
		case "updatedFrom":
			r.string(&into.UpdatedFrom)
		case "commandsEnabled":
			r.flagPtr(&into.CommandsEnabled)
		case "diskExclude":
			list(r, &into.DiskExclude, r.string)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) host(into *Host) {
	r.object(func(name []byte) {
		switch string(name) {
		case "id":
			r.string(&into.ID)
		case "hostname":
			r.string(&into.Hostname)
		case "displayName":
			r.string(&into.DisplayName)
		case "machineId":
			r.string(&into.MachineID)
		case "platform":
			r.string(&into.Platform)
		case "osName":
			r.string(&into.OSName)
		case "osVersion":
			r.string(&into.OSVersion)
		case "kernelVersion":
			r.string(&into.KernelVersion)
		case "architecture":
			r.string(&into.Architecture)
		case "cpuModel":
			r.string(&into.CPUModel)
		case "cpuCount":
			r.small(&into.CPUCount)
		case "uptimeSeconds":
			r.int(&into.UptimeSeconds)
		case "loadAverage":
			list(r, &into.LoadAverage, r.float)
		case "reportIp":
			r.string(&into.ReportIP)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) metrics(into *Metrics) {
	r.object(func(name []byte) {
		switch string(name) {
		case "cpuUsagePercent":
			r.floatPtr(&into.CPUUsagePercent)
		case "memory":
			r.memory(&into.Memory)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) memory(into *Memory) {
	r.object(func(name []byte) {
		switch string(name) {
		case "totalBytes":
			r.int(&into.TotalBytes)
		case "usedBytes":
			r.int(&into.UsedBytes)
		case "freeBytes":
			r.int(&into.FreeBytes)
		case "usage":
			r.float(&into.Usage)
		case "swapTotalBytes":
			r.int(&into.SwapTotalBytes)
		case "swapUsedBytes":
			r.int(&into.SwapUsedBytes)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) disk(into *Disk) {
	r.object(func(name []byte) {
		switch string(name) {
		case "device":
			r.string(&into.Device)
		case "mountpoint":
			r.string(&into.Mountpoint)
		case "filesystem":
			r.string(&into.Filesystem)
		case "type":
			r.string(&into.Type)
		case "totalBytes":
			r.int(&into.TotalBytes)
		case "usedBytes":
			r.int(&into.UsedBytes)
		case "freeBytes":
			r.int(&into.FreeBytes)
		case "usage":
			r.float(&into.Usage)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) diskIO(into *DiskIO) {
	r.object(func(name []byte) {
		switch string(name) {
		case "device":
			r.string(&into.Device)
		case "readBytes":
			r.uint(&into.ReadBytes)
		case "writeBytes":
			r.uint(&into.WriteBytes)
		case "readOps":
			r.uint(&into.ReadOps)
		case "writeOps":
			r.uint(&into.WriteOps)
		case "readTimeMs":
			r.uint(&into.ReadTimeMs)
		case "writeTimeMs":
			r.uint(&into.WriteTimeMs)
		case "ioTimeMs":
			r.uint(&into.IOTimeMs)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) network(into *Network) {
	r.object(func(name []byte) {
		switch string(name) {
		case "name":
			r.string(&into.Name)
		case "mac":
			r.string(&into.MAC)
		case "addresses":
			list(r, &into.Addresses, r.string)
		case "rxBytes":
			r.uint(&into.RXBytes)
		case "txBytes":
			r.uint(&into.TXBytes)
		case "speedMbps":
			r.intPtr(&into.SpeedMbps)
		case "kind":
			r.string(&into.Kind)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) sensors(into *Sensors) {
	r.object(func(name []byte) {
		switch string(name) {
		case "temperatureCelsius":
			r.numbers(&into.TemperatureCelsius)
		case "fanRpm":
			r.numbers(&into.FanRPM)
		case "powerWatts":
			r.numbers(&into.PowerWatts)
		case "additional":
			r.numbers(&into.Additional)
		case "smart":
			list(r, &into.SMART, r.smart)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) smart(into *SMART) {
	r.object(func(name []byte) {
		switch string(name) {
		case "device":
			r.string(&into.Device)
		case "model":
			r.string(&into.Model)
		case "serial":
			r.string(&into.Serial)
		case "wwn":
			r.string(&into.WWN)
		case "type":
			r.string(&into.Type)
		case "temperature":
			r.small(&into.Temperature)
		case "health":
			r.string(&into.Health)
		case "standby":
			r.flag(&into.Standby)
		case "attributes":
			r.attributes(&into.Attributes)
		case "readAt":
			r.odd = r.odd || into.ReadAt != nil
			r.value(&into.ReadAt)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) attributes(into **SMARTAttributes) {
	if r.null() {
		*into = nil
		return
	}
	if *into == nil {
		*into = &SMARTAttributes{}
	}
	a := *into
	r.object(func(name []byte) {
		switch string(name) {
		case "powerOnHours":
			r.intPtr(&a.PowerOnHours)
		case "powerCycles":
			r.intPtr(&a.PowerCycles)
		case "reallocatedSectors":
			r.intPtr(&a.ReallocatedSectors)
		case "pendingSectors":
			r.intPtr(&a.PendingSectors)
		case "offlineUncorrectable":
			r.intPtr(&a.OfflineUncorrectable)
		case "udmaCrcErrors":
			r.intPtr(&a.UDMACRCErrors)
		case "percentageUsed":
			r.intPtr(&a.PercentageUsed)
		case "availableSpare":
			r.intPtr(&a.AvailableSpare)
		case "mediaErrors":
			r.intPtr(&a.MediaErrors)
		case "unsafeShutdowns":
			r.intPtr(&a.UnsafeShutdowns)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) array(into *Array) {
	r.object(func(name []byte) {
		switch string(name) {
		case "device":
			r.string(&into.Device)
		case "name":
			r.string(&into.Name)
		case "level":
			r.string(&into.Level)
		case "state":
			r.string(&into.State)
		case "totalDevices":
			r.small(&into.TotalDevices)
		case "activeDevices":
			r.small(&into.ActiveDevices)
		case "workingDevices":
			r.small(&into.WorkingDevices)
		case "failedDevices":
			r.small(&into.FailedDevices)
		case "spareDevices":
			r.small(&into.SpareDevices)
		case "uuid":
			r.string(&into.UUID)
		case "devices":
			list(r, &into.Devices, r.arrayDevice)
		case "rebuildPercent":
			r.float(&into.RebuildPercent)
		case "rebuildSpeed":
			r.string(&into.RebuildSpeed)
		default:
			r.unknown(name)
		}
	})
}

func (r *reader) arrayDevice(into *ArrayDevice) {
	r.object(func(name []byte) {
		switch string(name) {
		case "device":
			r.string(&into.Device)
		case "state":
			r.string(&into.State)
		case "slot":
			r.small(&into.Slot)
		default:
			r.unknown(name)
		}
	})
}
