#!/bin/sh
# First process of a service host of the real lab, in namespaces of its own: folders, a login, the daemons.
# Arguments: name, address of eth0, address of the other host. Standard input: the password of root.
# Standard output: `key TYPE KEY` and `ready`.
set -eu
name=$1 address=$2 other=$3
read -r password
hostname "$name"
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /mnt
cp -a /etc /mnt/etc
mount --bind /mnt/etc /etc
for view in /run /var/lib /var/log /var/spool /root; do
    mount -t tmpfs -o mode=755 tmpfs $view
done
mount -t proc proc /proc
# load and time of operation are those of the machine, which is not a part of the lab
echo "0.10 0.10 0.10 1/50 100" > /mnt/loadavg
echo "864000.00 864000.00" > /mnt/uptime
mount --bind /mnt/loadavg /proc/loadavg
mount --bind /mnt/uptime /proc/uptime
mkdir -p /run/sshd /run/nginx /var/lib/misc /var/lib/nginx /var/log/nginx /var/spool/rsyslog
mkdir -p /etc/nginx/conf.d /etc/dnsmasq.d /etc/chrony/sources.d /etc/rsyslog.d /etc/keepalived /etc/ssh
rm -f /etc/nginx/conf.d/* /etc/dnsmasq.d/* /etc/chrony/sources.d/* /etc/chrony/conf.d/* /etc/rsyslog.d/*
install -d -o _chrony -g _chrony /var/lib/chrony

# --- what the operator has configured before any change ---------------------------------------------------------------
cat > /etc/nginx/nginx.conf <<CONF
user www-data;
pid /run/nginx.pid;
events { worker_connections 64; }
http {
    access_log off;
    error_log /var/log/nginx/error.log;
    server { listen $address:8080; location / { return 200 "$name\n"; } }
    include /etc/nginx/conf.d/*.conf;
}
CONF
cat > /etc/nginx/conf.d/event.conf <<CONF
upstream portal {
    server $address:8080;
    server $other:8080;
}
server { listen 80; location / { proxy_pass http://portal; } }
CONF
cat > /etc/keepalived/keepalived.conf <<CONF
global_defs {
    vrrp_version 3
}
vrrp_instance PORTAL {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority $(($(echo "$address" | cut -d. -f4) == 11 ? 110 : 100))
    advert_int 1
    virtual_ipaddress {
        10.10.0.10/24
    }
}
CONF
chmod 600 /etc/keepalived/keepalived.conf
cat > /etc/dnsmasq.conf <<CONF
no-resolv
no-hosts
bind-dynamic
conf-dir=/etc/dnsmasq.d/,*.conf
CONF
cat > /etc/dnsmasq.d/event.conf <<CONF
host-record=portal.lab.example,10.10.0.10
dhcp-range=10.10.0.150,10.10.0.180,1h
CONF
cat > /etc/chrony/chrony.conf <<CONF
local stratum 3
sourcedir /etc/chrony/sources.d
bindcmdaddress /run/chrony/chronyd.sock
driftfile /var/lib/chrony/chrony.drift
CONF
cat > /etc/rsyslog.conf <<CONF
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/run/log.socket")
global(workDirectory="/var/spool/rsyslog")
*.* /var/log/messages
include(file="/etc/rsyslog.d/*.conf" mode="optional")
CONF
echo "*.* @$other" > /etc/rsyslog.d/90-event.conf

# --- login and daemons ------------------------------------------------------------------------------------------------
echo "root:$password" | chpasswd
usermod --shell /bin/bash root
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/lab_key
cat > /etc/ssh/lab_sshd <<CONF
HostKey /etc/ssh/lab_key
PidFile none
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
PrintLastLog no
CONF
/usr/sbin/sshd -f /etc/ssh/lab_sshd
nginx
keepalived
dnsmasq
chronyd -x
rsyslogd
echo "key $(cut -d' ' -f1,2 /etc/ssh/lab_key.pub)"
echo ready
exec >/dev/null 2>&1
sleep infinity &
wait $!
