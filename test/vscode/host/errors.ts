describe('errors', () => {});
export {};
