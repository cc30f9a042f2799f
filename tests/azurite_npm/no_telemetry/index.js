// The emulator loads its telemetry even if that is off, which takes a second of each start and half
// of all packages.
