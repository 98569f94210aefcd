/** The fewest characters and the most bytes that the server takes. */
export const shortest = 12;
const longestBytes = 72;

export interface PasswordVerdict {
  /** Why it cannot be used, or empty. */
  error: string;
  /** 0 to 4. */
  strength: number;
  label: string;
}

const labels = ['too short', 'weak', 'fair', 'good', 'strong'] as const;

/** Judges a password by its length and variety. Length counts most: it is what makes guessing slow. */
export function judgePassword(password: string, userName = ''): PasswordVerdict {
  const bytes = new TextEncoder().encode(password).length;
  // Characters as the server counts them: an emoji is one.
  const length = Array.from(password).length;
  if (length < shortest) {
    return { error: `At least ${shortest} characters.`, strength: 0, label: labels[0] };
  }
  if (bytes > longestBytes) {
    return { error: `At most ${longestBytes} bytes.`, strength: 0, label: 'too long' };
  }
  const distinct = new Set(password.toLowerCase()).size;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((k) => k.test(password)).length;
  let strength = 1;
  if (distinct >= 8) strength++;
  if (length >= 16) strength++;
  if (kinds >= 3 || length >= 20) strength++;
  if (distinct < 6 || /^(.+)\1+$/.test(password)) strength = 1;
  if (userName.length > 2 && password.toLowerCase().includes(userName.toLowerCase())) {
    strength = Math.min(strength, 1);
  }
  return { error: '', strength, label: labels[strength] ?? '' };
}
