//! What a chaos cell's target says when it is too busy, away, or somebody else, each in the words of its protocol.

/// A load balancer's or a vendor's 429; Twilio's own error body, which the others pass over.
pub const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\
    Connection: close\r\n\r\n{\"code\": 20429, \"message\": \"Too many requests\", \"status\": 429}";
pub const TOO_MANY_COME_LATER: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\
    Retry-After: 1\r\nConnection: close\r\n\r\n{\"code\": 20429, \"message\": \"Too many requests\", \"status\": 429}";
pub const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 32\r\n\
    Connection: close\r\n\r\n<html>Service Unavailable</html>";
pub const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\
    Connection: close\r\n\r\n<html>Bad Gateway</html>";
/// A success whose body breaks off in the middle of a word.
pub const NO_JSON: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\
    Connection: close\r\n\r\n{\"type\": ";
/// The same in a text frame of a websocket's server.
pub const NO_JSON_FRAME: &[u8] = b"\x81\x09{\"type\": ";

pub const REDIS_TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";
pub const REDIS_UNAVAILABLE: &[u8] = b"-LOADING Redis is loading the dataset in memory\r\n";
pub const POSTGRES_TOO_MANY: &[u8] = b"E\0\0\0\x3bSFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0";
pub const POSTGRES_UNAVAILABLE: &[u8] = b"E\0\0\0\x3eSFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
/// Another kind of server at the address.
pub const STRANGER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
